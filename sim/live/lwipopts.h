// The network's own stack: lwIP as a host has it, with the heap of the C library.

#ifndef LIVE_LWIPOPTS_H
#define LIVE_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define MEM_ALIGNMENT __SIZEOF_POINTER__
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define LWIP_STATS 0

#define LWIP_SINGLE_NETIF 1
#define LWIP_IPV6 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_RAW 0
#define LWIP_UDP 1
#define LWIP_DHCP 0
#define LWIP_IP_ACCEPT_UDP_PORT(port) ((port) == PP_NTOHS(67))  // from who has no address yet
#define ARP_QUEUEING 1

#define TCP_MSS 1460
#define TCP_WND 65535
#define TCP_SND_BUF (8 * TCP_MSS)
#define TCP_SND_QUEUELEN 256
#define MEMP_NUM_TCP_SEG TCP_SND_QUEUELEN
#define LWIP_TCP_RTO_TIME 1000
#define TCP_TMR_INTERVAL 50
#define TCP_MSL 1000

#endif
