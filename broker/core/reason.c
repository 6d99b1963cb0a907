#include "broker/core/reason.h"

#include "broker/broker.h"

const char *reason_text(int reason) {
    static const char *const texts[MIDGE_REASONS] = {
        [MIDGE_PEER_CLOSED] = "Client Closed",
        [MIDGE_READ_ERROR] = "Read Error",
        [MIDGE_WRITE_ERROR] = "Write Error",
        [MIDGE_SHUTDOWN] = "Server Shutdown",
        [MIDGE_AUTH_TIMEOUT] = "Authentication Timeout",
        [MIDGE_AUTH_VIOLATION] = "Authentication Failure",
        [MIDGE_SLOW_PENDING] = "Slow Consumer (Pending Bytes)",
        [MIDGE_SLOW_DEADLINE] = "Slow Consumer (Write Deadline)",
        [MIDGE_PARSE_ERROR] = "Parse Error",
        [MIDGE_STALE] = "Stale Connection",
        [MIDGE_PROTOCOL_VIOLATION] = "Protocol Violation",
        [MIDGE_BAD_PROTOCOL] = "Bad Client Protocol Version",
        [MIDGE_WRONG_PORT] = "Incorrect Port",
        [MIDGE_MAX_CONNECTIONS] = "Maximum Connections Exceeded",
        [MIDGE_MAX_PAYLOAD] = "Maximum Message Payload Exceeded",
        [MIDGE_MAX_CONTROL_LINE] = "Maximum Control Line Exceeded",
        [MIDGE_MAX_SUBSCRIPTIONS] = "Maximum Subscriptions Exceeded",
        [MIDGE_NO_RESPONDERS_NEEDS_HEADERS] = "No Responders Requires Headers",
#if MIDGE_TLS
        [MIDGE_TLS_HANDSHAKE] = "TLS Handshake Failure",
#endif
    };
    return reason > 0 && reason < MIDGE_REASONS ? texts[reason] : "Unknown State";
}
