// The date and time of a second, for the dates of certificates. Mbed TLS's own would ask the C
// library, which on a chip has a heap for it.

#include <time.h>

#include <mbedtls/platform_time.h>
#include <mbedtls/platform_util.h>

#define DAY_S 86400
#define DAYS_TO_1970 719468  // from the first of March of the year 0, which a leap day ends
#define ERA_DAYS 146097      // 400 years

// Days to civil date, as Howard Hinnant has it: years begin in March. Only from 1970 on.
struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *from, struct tm *to) {
    uint64_t s = *from > 0 ? (uint64_t)*from : 0;
    uint32_t days = (uint32_t)(s / DAY_S) + DAYS_TO_1970, second = (uint32_t)(s % DAY_S);
    uint32_t era = days / ERA_DAYS, day = days % ERA_DAYS;
    uint32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint32_t of_year = day - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * of_year + 2) / 153;
    *to = (struct tm){
        .tm_year = (int)(era * 400 + year + (month >= 10)) - 1900,
        .tm_mon = (int)(month < 10 ? month + 2 : month - 10),
        .tm_mday = (int)(of_year - (153 * month + 2) / 5 + 1),
        .tm_hour = (int)(second / 3600),
        .tm_min = (int)(second / 60 % 60),
        .tm_sec = (int)(second % 60),
    };
    return to;
}
