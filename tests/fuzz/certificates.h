// TLS as the fuzzed server speaks it: the keys and certificates are for this alone, and valid for a
// hundred years.

#ifndef FUZZ_CERTIFICATES_H
#define FUZZ_CERTIFICATES_H

// Of ECDSA, for fuzz.test and what lies below; it is its own authority, and that of clients.
static const char ecdsa_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBmTCCAT6gAwIBAgIUY+aHNBfvrknoLZLchImNPTaLzf8wCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMzAyMzMzNDdaGA8yMTI2MTEwNjIzMzM0\n"
    "N1owDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNg/\n"
    "/FCHOZzOmJosntFtg31ElDNCLCtbjN9BGWp/1FCTYME3arq/wx01B8k1zBGA7A1p\n"
    "0lU11PNXpUMtNc5h22SjdjB0MB0GA1UdDgQWBBRFzPliifoCzXByCmasNyYDrB5o\n"
    "bTAfBgNVHSMEGDAWgBRFzPliifoCzXByCmasNyYDrB5obTAPBgNVHRMBAf8EBTAD\n"
    "AQH/MCEGA1UdEQQaMBiCCWZ1enoudGVzdIILKi5mdXp6LnRlc3QwCgYIKoZIzj0E\n"
    "AwIDSQAwRgIhAPIwio07e+c91Jo1x0r+tVAZ+PuD2AEOOOq22psbQLq1AiEA6CMk\n"
    "Nrf0F5vMmEd7YCNHa2RqCWPcUFqO0QIsvth9+N8=\n"
    "-----END CERTIFICATE-----\n";
static const char ecdsa_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgavMsnhkewPe38IA4\n"
                                "MrEVBVBPW5Li1CgmCiQCrtJzMKChRANCAATYP/xQhzmczpiaLJ7RbYN9RJQzQiwr\n"
                                "W4zfQRlqf9RQk2DBN2q6v8MdNQfJNcwRgOwNadJVNdTzV6VDLTXOYdtk\n"
                                "-----END PRIVATE KEY-----\n";

// Of RSA, for other.test.
static const char rsa_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDGjCCAgKgAwIBAgIUFloV2vg+2ZxIy5vAEQtk2wm5V4swDQYJKoZIhvcNAQEL\n"
    "BQAwEDEOMAwGA1UEAwwFZnV6ejIwIBcNMjYxMTMwMjMzMzQ5WhgPMjEyNjExMDYy\n"
    "MzMzNDlaMBAxDjAMBgNVBAMMBWZ1enoyMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n"
    "MIIBCgKCAQEAscopjbYLsXbC8YFnEe42Lupv2kwAzg7tkDlSRVfFyO9eH991ijwW\n"
    "KsKq7KRtrURfSG72WW+hE8XD//zFj8pnCj20JFVJbKI62WRJXtiVrNhzdAh8+7f8\n"
    "ibaGlOt2kHWEvQnoI+XtL9uN8XmZ7U3ICAznwLdRsLZvlywDyplS/3q6BOxD1ONu\n"
    "XuQontsJDzJ/t3JD94Kizt7+GiSMD8WHOK8khOkDgLZzoUwr6kxbM73qGDk0BK7E\n"
    "otxJdx8YLKxerPtzatCdQh5edPQNBiY5dc3esTanEflL0H5eahbbut86Jw4L1SAz\n"
    "ox1pyY9xwMOz3pPZjEncw6VAW8eTStcPAQIDAQABo2owaDAdBgNVHQ4EFgQUuWNt\n"
    "uGkz7h/85Ib+4Couks9/Ci0wHwYDVR0jBBgwFoAUuWNtuGkz7h/85Ib+4Couks9/\n"
    "Ci0wDwYDVR0TAQH/BAUwAwEB/zAVBgNVHREEDjAMggpvdGhlci50ZXN0MA0GCSqG\n"
    "SIb3DQEBCwUAA4IBAQCh3EQenl8v79T/N+qugC1udu+AijE9hXR2EwaUi4YpF8JF\n"
    "xWX5zOwmiimXEs8TyZsAqnRP2KotcfF8GwIAw8cHiOhOjrtAWGmXPP3wrFdKrTMc\n"
    "FJNFjttWj3BAqTbXAmVqPlUj14z+WaKhWXpvaunOFJTjydpkapnBKXyRiUiBkaP6\n"
    "ShHNZbCoj2SKXNEU1FF6KqluyCsUcv+n1ywUpbuQuWcE1mEwwzIk9/nijSYTAU1y\n"
    "Qys3cNqWpDuYoYHnT8u+OO0UorIucBEjyEguu7ngroBbkLAXJDkhVT0263ilOh+7\n"
    "jNP9jZ79XhNN2FRBcy7ifOADdoj7nxjNJnq6htKG\n"
    "-----END CERTIFICATE-----\n";
static const char rsa_key[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCxyimNtguxdsLx\n"
                              "gWcR7jYu6m/aTADODu2QOVJFV8XI714f33WKPBYqwqrspG2tRF9IbvZZb6ETxcP/\n"
                              "/MWPymcKPbQkVUlsojrZZEle2JWs2HN0CHz7t/yJtoaU63aQdYS9Cegj5e0v243x\n"
                              "eZntTcgIDOfAt1Gwtm+XLAPKmVL/eroE7EPU425e5Cie2wkPMn+3ckP3gqLO3v4a\n"
                              "JIwPxYc4rySE6QOAtnOhTCvqTFszveoYOTQErsSi3El3HxgsrF6s+3Nq0J1CHl50\n"
                              "9A0GJjl1zd6xNqcR+UvQfl5qFtu63zonDgvVIDOjHWnJj3HAw7Pek9mMSdzDpUBb\n"
                              "x5NK1w8BAgMBAAECggEAAIS7iYpi/xfesmvbUDfywEEGhbtUQsWUH4gtQ17ByMfa\n"
                              "7UqeagJqGaKS80j4+WkCQqCxNvpOfNNmMo5LCLPxSDw9FOCLS+XuuEDUvnIxAI2q\n"
                              "i4d1Ttoe4ktuGcvUfxAarJ71Znpmjk3MfIxrXJ/uEgjwmZUnR7XGfkk+cxYuoehZ\n"
                              "WTGsxuR0A1VTDslbB1tIialwFnk6X91J09i2cOO9SC6Wc8H+15uMpSx+v1vYgVA2\n"
                              "DJS9Dm38Hyn2Yh7cyVEoO+YJpvR0A7P0meYhDG1J/sMKbi4I4k9qTEPM0rmzqnoo\n"
                              "lvIFAeVLQ0TNL2rW0lqWbL+Xba+trU5JJaZiB0kTuQKBgQDYcYKfh0eEHqxcKqHd\n"
                              "9aNj01pNlAqrJjfsN/GbgPn825rvZepxc7uoYJv79OQPBjzmqZeLaLvM8SA5yC/H\n"
                              "+UBXd7DsbZNr6/nVJlUkWVDvAfEcAmrAXL/+Lo1dBM288FBr2veat0XGpWhbh99S\n"
                              "kIQPlTSsd/Nw+544Y1+pRjEDGQKBgQDSSDSbAR7N6AhlAE+EOR683UL+CqSKNBIi\n"
                              "nP8nVnbtFcLTC/pANPkdqfsiQfchRSggAZWWTTOxrUTJwQXfnXsHTQl/IUNC3/pF\n"
                              "hpGVuPAvF+U1lDjP+k5sB/E48rrzWshP6n9Q6o0HRvSSvDa//1AtzHKHSW/i2FFu\n"
                              "27w6KKwQKQKBgGPxljV/zAAwAbrVXMUXRgk0cQBdmceJ8Ey9UG1T0xt1dEeTMfyN\n"
                              "SlvnsF9Zp21gngKM0RNomz95ID5ON/IJIDLDbAjgWDB/WG+aMbqFG6Ahr2oVm6GT\n"
                              "snv2lwQa0b2q4hfLloX0lt2xR0zsoqyHWtOvPBFfmiPTrC2xhVyusrcRAoGAMvSu\n"
                              "UrVlyo2koxz9J9RTn36agkb/8kGF939F0TmBnhf82vl3DeIIT+jl4zpK8XP5si/Q\n"
                              "GNjiYvbSyXUNwE9ABdfkKjtcOjNeSUS/uKFVCoRm1aHyVmuYX1NZX+xp4xinm73+\n"
                              "VhRQUmgeUgRr3AC5ZC+7vQ7NnxG+QffbV9iNQWkCgYBA7nT0U9mY11cOVwRAz47a\n"
                              "icCWWtyqqMgqbD5/QVWueT0/7sLAw+C+QoDgFN9fIF/Wggn9n0czpwbDbkushyjW\n"
                              "lXG/atLdGbv2OT10cAnoUA95c8PZRr61r7joDkIQv80ex0DZfzDLXcjKiHTAyEAS\n"
                              "LXCvpXoBG2hmc12mPZt7lw==\n"
                              "-----END PRIVATE KEY-----\n";

#endif
