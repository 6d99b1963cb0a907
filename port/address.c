#include "port/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <strings.h>

bool address_resolve(const char *name, uint16_t port, union address *to, socklen_t *bytes) {
    memset(to, 0, sizeof *to);
    if (inet_pton(AF_INET, name, &to->in.sin_addr) == 1 || name[0] == '\0') {
        to->in.sin_family = AF_INET;
    } else if (inet_pton(AF_INET6, name, &to->in6.sin6_addr) == 1) {
        to->in6.sin6_family = AF_INET6;
    } else {
        struct addrinfo *found = NULL;
        const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
        if (getaddrinfo(name, NULL, &hints, &found) == 0 && found != NULL) {
            // IPv4 first, as Go does it.
            struct addrinfo *pick = found;
            for (struct addrinfo *a = found; a != NULL; a = a->ai_next) {
                if (a->ai_family == AF_INET) {
                    pick = a;
                    break;
                }
            }
            memcpy(to, pick->ai_addr, pick->ai_addrlen);
            freeaddrinfo(found);
        } else if (strcasecmp(name, "localhost") == 0) {
            // As RFC 6761 has it, for a machine without /etc/hosts.
            to->in.sin_family = AF_INET;
            to->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        } else {
            return false;
        }
    }
    bool v4 = to->any.sa_family == AF_INET;
    *bytes = v4 ? sizeof to->in : sizeof to->in6;
    if (v4)
        to->in.sin_port = htons(port);
    else
        to->in6.sin6_port = htons(port);
    return true;
}

struct midge_peer address_peer(const union address *address) {
    struct midge_peer peer = {0};
    if (address->any.sa_family == AF_INET) {
        peer.ip_bytes = 4;
        memcpy(peer.ip, &address->in.sin_addr, 4);
        peer.port = ntohs(address->in.sin_port);
        return peer;
    }
    const struct in6_addr *ip = &address->in6.sin6_addr;
    bool mapped = IN6_IS_ADDR_V4MAPPED(ip);
    peer.ip_bytes = mapped ? 4 : 16;
    memcpy(peer.ip, (const uint8_t *)ip + (mapped ? 12 : 0), peer.ip_bytes);
    peer.port = ntohs(address->in6.sin6_port);
    return peer;
}
