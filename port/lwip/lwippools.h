// The pools that take the place of lwIP's heap: no fragmentation, and no request that fails because
// of another's. Two sizes suffice; the smaller must come first.
//
// HEADER_BYTES: one for the headers of each segment, and for what is queued until an address is
// resolved. FRAME_BYTES: whole packets that are no segments (DHCP, answers to a ping), and segments
// copied until an address is resolved; without one they are lost, as on a wire. The mDNS responder
// keeps two for itself and its service, and fills one at a time.

#define HEADER_BYTES (LWIP_MEM_ALIGN_SIZE(sizeof(struct pbuf)) + 16 + PBUF_IP_HLEN + 20 + 4)
#define FRAME_BYTES (LWIP_MEM_ALIGN_SIZE(sizeof(struct pbuf)) + 16 + MIDGE_MTU)

LWIP_MALLOC_MEMPOOL_START
LWIP_MALLOC_MEMPOOL(MEMP_NUM_TCP_SEG + (1 + LWIP_IPV6) * MEMP_NUM_ARP_QUEUE + 2, HEADER_BYTES)
LWIP_MALLOC_MEMPOOL(2 + 3 * MIDGE_MDNS, FRAME_BYTES)
LWIP_MALLOC_MEMPOOL_END
