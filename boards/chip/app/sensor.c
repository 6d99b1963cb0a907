// An application on the same chip as the broker: it publishes a measurement once a second, and
// prints what other sensors on the network publish.
//
//     make BOARD=x APP=sensor run
//     nats sub 'sensors.>'                  shows the measurements, beside everyone else's
//     nats pub sensors.kitchen 21.5         is printed on the console
//
// What it measures is how long the chip has been up, since every chip has a clock.

#include "boards/chip/app.h"
#include "boards/chip/console.h"
#include "hal/hal.h"

#define PERIOD_US 1000000

static uint64_t next_us;

static void measure(struct midge *m) {
    char digits[10];
    uint32_t n = 0;
    for (uint32_t s = (uint32_t)(hal_us() / 1000) / 1000; s > 0 || n == 0; s /= 10)
        digits[sizeof digits - ++n] = (char)('0' + s % 10);
    // A measurement that a full broker has no room for is only missing: there will be another.
    if (midge_publish(m, "sensors.uptime", NULL, digits + sizeof digits - n, n) < 0)
        console_say(MIDGE_WRN, "A measurement was not published");
}

// A payload lies where it was received, perhaps in pieces. Those of a long one are not all printed.
static void print(void *context, const struct midge_message *message) {
    (void)context;
    const uint8_t *piece;
    uint32_t n;
    console_begin(MIDGE_INF);
    console_bytes(message->subject, message->subject_bytes);
    console_text(": ");
    for (uint32_t at = message->header_bytes; (piece = midge_payload(message, at, &n)); at += n)
        console_bytes((const char *)piece, n);
    console_end();
}

void app_start(struct midge *m) {
    if (midge_subscribe(m, "sensors.>", NULL, print, NULL) < 0)
        console_say(MIDGE_ERR, "No room for the sensor's subscription");
}

void app_turn(struct midge *m) {
    uint64_t now_us = hal_us();
    if (now_us < next_us)
        return;
    next_us = now_us + PERIOD_US;
    measure(m);
}
