"""lwIP's pools in the memory of a board (lwIP, priv/memp_priv.h): how full they are, and a way to
empty them."""

# What only the start takes: listeners, DHCP and mDNS, the groups that those join; and timers, of which
# lwIP has one for each by construction.
STANDING = {"TCP_PCB_LISTEN", "UDP_PCB", "IGMP_GROUP", "MLD6_GROUP", "SYS_TIMEOUT"}

# What no client of these tests takes: the one is for peers whose address is unknown, and a client that
# comes by IPv6 has told its own; the other is for questions in several packets.
IDLE = {"ND6_QUEUE", "MDNS_PKTS"}


class Pool:
    """Its descriptor, as the image has it: where its use is counted, two 16-bit words with size and
    count of its entries, where they begin, and where the first free one is told."""

    def __init__(self, probe, name):
        self.probe, self.name = probe, name
        sizes, self.base, self.head = (probe.word(probe.symbols["memp_" + name] + at)
                                       for at in (4, 8, 12))
        self.entry_bytes, self.count = sizes & 0xFFFF, sizes >> 16

    def free(self):
        """Addresses of the free entries: each begins with that of the next."""
        data = self.probe.read(self.base, self.entry_bytes * self.count + 4)
        entries, entry = [], self.probe.word(self.head)
        while entry:
            entries.append(entry)
            at = entry - self.base
            entry = int.from_bytes(data[at:at + 4], "little")
        return entries

    def empty(self):
        """Takes away all free entries, and answers them."""
        entries = self.free()
        self.probe.write(self.head, 0)
        return entries

    def refill(self, entries):
        """Gives them back, behind what was freed meanwhile."""
        if entries:
            self.probe.write(entries[-1], self.probe.word(self.head))
            self.probe.write(self.head, entries[0])


def pools(probe):
    names = [name.removeprefix("memp_tab_") for name in probe.symbols
             if name.startswith("memp_tab_")]
    return [Pool(probe, name) for name in sorted(names)]


def lwip_in_use(machine):
    """Name to entries in use."""
    with machine.probe() as probe:
        return {pool.name: pool.count - len(pool.free()) for pool in pools(probe)
                if pool.name not in STANDING}


def broker_in_use(machine):
    """The same of the broker's pools; the request itself takes some. lwIP's, in capitals, are shown
    beside them."""
    return {name: pool["in_use"] for name, pool in machine.get("/varz")["pools"].items()
            if name.islower()}
