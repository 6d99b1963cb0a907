// How lwIP is built for Midge: no operating system, no heap, and every pool derived from the
// broker's limits so that none can run out because of another connection.
//
// A board sets the macros named MIDGE_ here in its board.h; the rest follows. RAM is given for a
// 32-bit chip. Three facts decide the sizes:
//
// Received frames lie in the one buffer that the port owns, and are copied out of it before the
// next is taken. So there is no pool of them, and no connection can hold what another needs to hear
// its ACKs.
//
// Sent payload lies in the broker's blocks and is referred to (PBUF_ROM, one for each piece), with
// a segment and a header of its own (PBUF_RAM, from lwippools.h).
//
// What the broker has no room for is stashed, up to one window a connection.

#ifndef MIDGE_LWIPOPTS_H
#define MIDGE_LWIPOPTS_H

#include "broker/limits.h"

// Bytes of payload in a segment. 536..1,460. The receive buffer, and each of two spare packets,
// have so many bytes.
#ifndef MIDGE_TCP_MSS
#define MIDGE_TCP_MSS 536
#endif

// What one connection may send that was not consumed: so many bytes of stash each. It must exceed
// a segment: Linux sends segments of at most half a window (unless that is 536 or less), and lwIP
// tells of a wider window once it has grown by half, so that a whole segment always fits. With a
// window of exactly one segment a sender could wait for its own probe timer, 200 ms.
#ifndef MIDGE_TCP_WINDOW
#define MIDGE_TCP_WINDOW (MIDGE_TCP_MSS * 3 / 2)
#endif

// Pieces of output that one connection may have on the wire, a segment's header counting as one. 10
// carry a message of 1 KB out of blocks of 256 B: its head and five pieces, one cut in two by the
// end of a segment, and two headers. What is left behind waits for the peer's delayed ACK, 40 ms:
// with 8 the whole broker was ten times slower. At least 4. 16 B each, for each connection.
#ifndef MIDGE_TCP_PIECES
#define MIDGE_TCP_PIECES 10
#endif

// Segments of one connection on the wire: two full ones, and another for what comes meanwhile. 2 or
// more. 96 B each, for each connection.
#ifndef MIDGE_TCP_SEGMENTS
#define MIDGE_TCP_SEGMENTS 3
#endif

// Control blocks for connections that come or go and have no broker connection: not yet open, or
// closed and waiting for the peer. When all are in use the oldest that is closing makes room. 1 or
// more. 256 B each, with the segment of its SYN or FIN.
#ifndef MIDGE_TCP_PASSING
#define MIDGE_TCP_PASSING 4
#endif

// IPv6 beside IPv4, with a link-local address and those that routers offer. 14 KB of flash, 3 KB,
// and 250 B for each connection; and a MAC that takes multicasts.
#ifndef MIDGE_IPV6
#define MIDGE_IPV6 0
#endif

// The broker makes itself known by mDNS, as a host and as _nats._tcp. 12 KB of flash, 9 KB, 3 KB
// more of stack; and such a MAC.
#ifndef MIDGE_MDNS
#define MIDGE_MDNS 0
#endif

// With MIDGE_CLOCK of broker/limits.h the port asks for the time by SNTP: 2 KB of flash, 200 B.

// The largest packet. What is no segment of a connection may be longer than those.
#define MIDGE_MTU (MIDGE_IPV6 || MIDGE_MDNS ? 1500 : MIDGE_TCP_MSS + 40)

// The application's connection has no socket.
#define MIDGE_TCP_SOCKETS (MIDGE_CONNECTIONS_MAX - 1)

// A peer that says nothing for 20 s is probed, and given up 15 s later: half-open connections hold
// no control block for long, whatever the broker's ping interval is.
#define TCP_KEEPIDLE_DEFAULT 20000
#define TCP_KEEPINTVL_DEFAULT 5000
#define TCP_KEEPCNT_DEFAULT 3

// ---- The system ---------------------------------------------------------------------------------

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define MEM_ALIGNMENT __SIZEOF_POINTER__
#define MEM_USE_POOLS 1
#define MEMP_USE_CUSTOM_POOLS 1
#define LWIP_SUPPORT_CUSTOM_PBUF 1

// /varz shows how full the pools are. Nothing else is counted.
#define LWIP_STATS 1
#define MEMP_STATS 1
#define MEM_STATS 0
#define SYS_STATS 0
#define LINK_STATS 0
#define ETHARP_STATS 0
#define IP_STATS 0
#define ICMP_STATS 0
#define UDP_STATS 0
#define TCP_STATS 0
#define IP6_STATS 0
#define ICMP6_STATS 0
#define ND6_STATS 0
#define MLD6_STATS 0

// ---- Ethernet and IP ----------------------------------------------------------------------------

#define ETH_PAD_SIZE 2
#define LWIP_SINGLE_NETIF 1
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_IPV4 1
#define LWIP_IPV6 MIDGE_IPV6
#define LWIP_IPV6_FRAG 0
#define LWIP_IPV6_REASS 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_RAW 0
#define LWIP_UDP 1
#define LWIP_DHCP 1
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_ACD 0
#define MEMP_NUM_UDP_PCB (1 + MIDGE_MDNS + MIDGE_CLOCK)

// A client on the same network needs an entry, 24 B. What is sent to one before it is known is
// queued, 88 B each: else SYN-ACKs just after start would wait for their timer. Half the clients
// may come in one instant.
#define ARP_TABLE_SIZE (MIDGE_TCP_SOCKETS + 2)
#define ARP_QUEUEING 1
#define MEMP_NUM_ARP_QUEUE (MIDGE_TCP_SOCKETS / 2 + 1)
#define ARP_QUEUE_LEN MEMP_NUM_ARP_QUEUE
#define LWIP_ND6_NUM_NEIGHBORS (MIDGE_TCP_SOCKETS + 2)
#define LWIP_ND6_NUM_DESTINATIONS (MIDGE_TCP_SOCKETS + 2)
#define MEMP_NUM_ND6_QUEUE MEMP_NUM_ARP_QUEUE

// The mDNS responder has timers of its own: five for each of IPv4 and IPv6, and one to begin; some
// may run twice.
#define LWIP_MDNS_RESPONDER MIDGE_MDNS
#define LWIP_MDNS_SEARCH 0
#define LWIP_IGMP MIDGE_MDNS
#define LWIP_NUM_NETIF_CLIENT_DATA MIDGE_MDNS
#define LWIP_NETIF_EXT_STATUS_CALLBACK MIDGE_MDNS
#define MDNS_MAX_STORED_PKTS 1  // none ever is: see mdns.c
#define MDNS_OUTPUT_PACKET_SIZE 1200
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + MIDGE_MDNS * 16 + MIDGE_CLOCK * 2)

// The time is asked for once an hour, and without an answer again after 15 s, then twice as long,
// up to 150 s. An answer must come from who was asked, and bring the number back that it was asked
// with, which nobody else can know: it lies where others put a time, which nobody needs.
#define LWIP_DHCP_GET_NTP_SRV MIDGE_CLOCK
#define SNTP_STARTUP_DELAY 0
#define SNTP_UPDATE_DELAY 3600000
#define SNTP_RECV_TIMEOUT 1000
#define SNTP_RETRY_TIMEOUT 15000
#define SNTP_CHECK_RESPONSE 2
#define SNTP_MONITOR_SERVER_REACHABILITY 0
#define SNTP_GET_SYSTEM_TIME_NTP(s, f) ((s) = (s32_t)port_random(), (f) = port_random())
#if MIDGE_CLOCK
#define SNTP_SET_SYSTEM_TIME_US(s, us) sntp_told(s, us)
#endif
uint32_t port_random(void);
void sntp_told(uint32_t s, uint32_t us);

// What waits for an address must not refer to the broker's blocks or to the receive buffer, which
// both may be used again meanwhile: only headers of their own are kept, all else is copied.
#define PBUF_NEEDS_COPY(p) (((p)->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) == 0)
#define PBUF_POOL_SIZE 0

// ---- TCP ----------------------------------------------------------------------------------------

#define LWIP_TCP_KEEPALIVE 1
#define TCP_MSS MIDGE_TCP_MSS
#define TCP_WND MIDGE_TCP_WINDOW
#define TCP_SND_BUF (2 * TCP_MSS)  // a bound only: it has no memory of its own
#define TCP_SND_QUEUELEN MIDGE_TCP_PIECES
#define TCP_OVERSIZE 0
#define TCP_CALCULATE_EFF_SEND_MSS LWIP_IPV6  // with IPv4 alone the largest packet holds TCP_MSS
#define LWIP_TCP_RTO_TIME 1000                // at first: RFC 6298, 2.1
// The tick of its timers, ms. What is lost is sent again after some six of them: with lwIP's 250 a
// loss would last as long as the broker waits for a slow receiver.
#define TCP_TMR_INTERVAL 50
// TIME_WAIT lasts 2 s. While it lasts lwIP answers a SYN from the same port by an ACK, which a peer
// that connects again by chance from there cannot use.
#define TCP_MSL 1000
#define TCP_QUEUE_OOSEQ 0  // what comes out of order is sent again; it would have to be held
#define LWIP_CHECKSUM_ON_COPY 0

#define MEMP_NUM_TCP_PCB (MIDGE_TCP_SOCKETS + MIDGE_TCP_PASSING)
#define MEMP_NUM_TCP_PCB_LISTEN 2
// A write can end one segment and begin another. A control block that is passing has its SYN or
// FIN.
#define MEMP_NUM_TCP_SEG (MIDGE_TCP_SOCKETS * MIDGE_TCP_SEGMENTS + MIDGE_TCP_PASSING)
// One more is taken, and given back, to find that a queue is full.
#define MEMP_NUM_PBUF (MIDGE_TCP_SOCKETS * (TCP_SND_QUEUELEN - 1) + 1)

// lwIP's own checks ask that one connection alone could fill its pools; port/lwip.c asserts what
// holds here instead.
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1

#endif
