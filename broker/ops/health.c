#include "broker/ops/health.h"

#include "broker/core/midge.h"
#include "broker/ops/document.h"
#include "broker/ops/parameter.h"

enum http_status health_check(const struct answer *a, struct format *body) {
    bool details = MIDGE_MONITOR_HUB && (a->s->flags & SHOW_DETAIL) != 0;
    bool stream = MIDGE_MONITOR_HUB && *answer_parameter(a, "stream") != '\0';
    enum http_status status = HTTP_BAD_REQUEST;
    const char *wrong;
    if (stream && *answer_parameter(a, "account") == '\0') {
        wrong = "\\\"account\\\" must not be empty when checking stream health";
    } else if (MIDGE_MONITOR_HUB && !stream && *answer_parameter(a, "consumer") != '\0') {
        wrong = "\\\"stream\\\" must not be empty when checking consumer health";
    } else if (a->m->lame_duck) {
        // Who spreads clients over hubs must not send more of them to this one.
        status = HTTP_INTERNAL_ERROR;
        wrong = "failed to be ready for connections after 1ms: server";
    } else {
        // Without streams there is nothing else that could be unwell.
        format_text(body, "{\"status\":\"ok\"}");
        return HTTP_OK;
    }
    format_text(body, "{\"status\":\"error\",");
    if (details) {
        format_text(body, "\"errors\":[{\"type\":\"");
        format_text(body, status == HTTP_BAD_REQUEST ? "BAD_REQUEST\"," : "CONNECTION\",");
    }
    format_text(body, "\"error\":\"");
    format_text(body, wrong);
    format_text(body, details ? "\"}]}" : "\"}");
    return status;
}
