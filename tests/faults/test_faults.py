"""Each fault, by what a client and its user notice of it."""

import asyncio
import itertools
import random
import re
import time

import nats.errors
from simulator import READY, arrived

BASE = "port: 4222\nhttp: 8222\n"
QUICK_PINGS = BASE + 'ping_interval: "1s"\nping_max: 1\n'
TOKEN = BASE + "authorization { token: s3cr3t }\n"


async def expect(sub, payload, timeout=20):
    message = await sub.next_msg(timeout=timeout)
    assert message.data == payload, (message.data[:40], payload[:40])


async def exchange(sim, count=20):
    """Two clients come, talk and leave."""
    reader, writer = await sim.client(), await sim.client()
    sub = await reader.subscribe("exchange")
    await arrived(reader)
    for i in range(count):
        await writer.publish("exchange", b"%d" % i)
        await expect(sub, b"%d" % i)
    await reader.close()
    await writer.close()


async def eventually(condition, timeout=20):
    """Waits for what announces itself in no other way."""
    end = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < end, "it never came to be"
        await asyncio.sleep(0.05)
    return result


async def until_heard(sim, writer, subs, timeout=30):
    """Until what is published reaches every one of them, whoever has to come back first."""
    end = time.monotonic() + timeout
    for n in itertools.count():
        word = b"word %d" % n
        try:
            await writer.publish("word", word)
            for sub in subs:
                while (await sub.next_msg(timeout=0.5)).data != word:
                    pass
            return
        except (nats.errors.Error, OSError):
            assert time.monotonic() < end, sim.text()


# ---- The wire -----------------------------------------------------------------------------------


async def test_frames(simulate):
    """Lost, doubled and late frames cost time, and not a bit."""
    sim = simulate("--drop", 2, "--duplicate", 2, "--reorder", 5)
    dice = random.Random(1)
    payloads = [dice.randbytes(dice.randrange(1537)) for _ in range(100)]
    reader, writer = await sim.client(), await sim.client()
    sub = await reader.subscribe("bits")
    await arrived(reader)
    for payload in payloads:
        await writer.publish("bits", payload)
    for payload in payloads:
        await expect(sub, payload)
    status = sim.status()
    assert all(status[what] > 0 for what in ("lost", "twice", "late")), status
    assert abs(status["lost"] / status["frames"] - 0.02) < 0.015, status


async def test_delay(simulate):
    sim = simulate()
    client = await sim.client()

    async def shortest():
        taken = []
        for _ in range(10):
            start = time.monotonic()
            await client.flush(timeout=10)
            taken.append(time.monotonic() - start)
        return min(taken)

    assert await shortest() < 0.1
    sim.command("delay 100")
    assert await shortest() > 0.1  # at least half as much, there and back
    sim.command("delay 0")
    await client.flush(timeout=10)
    assert await shortest() < 0.1


async def test_bandwidth(simulate):
    sim = simulate("--bandwidth", 256)
    reader, writer = await sim.client(), await sim.client()
    sub = await reader.subscribe("wide")
    await arrived(reader)
    start = time.monotonic()
    for _ in range(40):
        await writer.publish("wide", b"w" * 1024)
    for _ in range(40):
        await expect(sub, b"w" * 1024)
    assert 40 * 1024 * 8 / 256e3 < time.monotonic() - start < 20


async def test_same_seed(simulate):
    """A frame's fate is that of its number: in another run, at another pace, under other faults."""

    async def fates(seed, *flags):
        sim = await asyncio.to_thread(simulate, "--drop", 5, "--duplicate", 5, *flags, seed=seed)
        sim.command("trace")
        await exchange(sim, 60)
        sim.command("trace")
        await asyncio.to_thread(sim.expect, "tells of frames no longer")
        found = re.findall(r"frame (\d+) (to|from) the board: (lost|twice)", sim.text())
        # Those that every run surely has, from where all are told of.
        return {fate for fate in found if 30 < int(fate[0]) < 90}

    one, same, other = await asyncio.gather(fates(7), fates(7, "--delay", 3), fates(8))
    assert one == same and len(one) > 5, (one, same)
    assert one != other


async def test_same_events(simulate):
    """Nor do events depend on anything but the seed: when they come, and how long they last."""

    async def events(seed):
        sim = await asyncio.to_thread(simulate, "--link-flap", 1.5, seed=seed)
        pattern = r"sim (\S+): no link for (\S+) s"
        return [(await asyncio.to_thread(sim.expect, pattern)).groups() for _ in range(2)]

    one, same, other = await asyncio.gather(events(7), events(7), events(8))
    assert [length for _, length in one] == [length for _, length in same]
    assert all(abs(float(a) - float(b)) < 0.2 for (a, _), (b, _) in zip(one, same)), (one, same)
    assert one != other


# ---- Clients ------------------------------------------------------------------------------------


async def lay_ghost(sim, clients):
    """One of so many clients is gone: its ghost is there until pings find that it is one, and the
    client itself is back long before."""
    connections = lambda: {one["cid"] for one in sim.get("/connz")["connections"]}
    before = await eventually(lambda: len(now := connections()) == clients and now)
    sim.command("half-open")
    sim.expect(r"client \d+ from port \d+ is gone, without a word")
    await eventually(lambda: len(connections()) == clients + 1)
    after = await eventually(lambda: len(now := connections()) == clients and now)
    assert len(before & after) == clients - 1, (before, after)


async def test_half_open(simulate):
    sim = simulate()
    sim.configure(QUICK_PINGS)
    for _ in range(3):
        await sim.client()
    await lay_ghost(sim, 3)
    await exchange(sim)


async def test_slow_reader(simulate):
    """Who does not read is closed as slow; the others go on meanwhile, and lose nothing."""
    sim = simulate()
    patient = {"ping_interval": 120}  # else who is kept waiting would leave and come back
    readers = [await sim.client(**patient) for _ in range(4)]
    subs = [await reader.subscribe("flood") for reader in readers]
    for reader in readers:
        await arrived(reader)
    writer = await sim.client(**patient)
    sim.command("slow-reader 10", "clients")
    sim.expect(r"client 5 from port \d+")
    slow = [bool(re.search(rf"client {i + 1} from port \d+: .*reads nothing", sim.text()))
            for i in range(5)]
    assert any(slow[:4]) and not all(slow[:4]) and not slow[4], slow
    quick = [sub for sub, is_slow in zip(subs, slow) if not is_slow]

    async def flood():
        for i in itertools.count():
            await writer.publish("flood", b"%d" % i + b"." * 1000)
            if i % 10 == 9:
                await writer.flush(timeout=30)

    flooding = asyncio.create_task(flood())
    try:
        evicted = asyncio.create_task(asyncio.to_thread(sim.expect, "Slow Consumer", 40))
        for i in itertools.count():
            for sub in quick:
                message = await sub.next_msg(timeout=20)
                assert message.data.startswith(b"%d." % i), (message.data[:20], i)
            if evicted.done() and i > 100:
                break
        await evicted
    finally:
        flooding.cancel()


# ---- Cable and power ----------------------------------------------------------------------------


async def test_link_flap(simulate):
    """A pulled cable ends every connection on the board; once it is back, so are all clients."""
    sim = simulate()
    readers = [await sim.client() for _ in range(3)]
    subs = [await reader.subscribe("word") for reader in readers]
    writer = await sim.client()
    await until_heard(sim, writer, subs)
    for _ in range(2):
        sim.command("link-flap")
        sim.expect("Network link is down")
        sim.console("status")
        sim.expect(r"Up for \d+ s, clients 0,")
        sim.expect("Network link is up")
        await until_heard(sim, writer, subs)
    assert sim.get("/connz")["num_connections"] == 4


async def refused(sim, **options):
    """Whether a client is, once and for all."""
    try:
        client = await sim.client(allow_reconnect=False, **options)
    except nats.errors.Error as error:
        assert "Authorization" in str(error), error
        return True
    await client.close()
    return False


async def test_power_cut(simulate):
    """It is back within seconds, with its configuration, and so are those who may come in."""
    sim = simulate()
    sim.configure(TOKEN)
    reader, writer = await sim.client(token="s3cr3t"), await sim.client(token="s3cr3t")
    sub = await reader.subscribe("word")
    await until_heard(sim, writer, [sub])
    for _ in range(2):
        sim.command("power-cut")
        off_s = float(sim.expect(r"no power for (\d\.\d) s")[1])
        start = time.monotonic()
        sim.expect("Power came on", 10)
        sim.expect(READY)
        assert off_s - 0.2 < time.monotonic() - start < off_s + 10
        await until_heard(sim, writer, [sub])
        assert await refused(sim) and not await refused(sim, token="s3cr3t")


async def tear(simulate, seed):
    """Answers which write was torn."""
    away = asyncio.to_thread
    sim = await away(simulate, seed=seed)
    await away(sim.configure, TOKEN)
    sim.command("torn-write")
    number = (await away(sim.expect, r"write (\d) to flash from now on will be torn"))[1]
    sim.console("config write", *TOKEN.replace("s3cr3t", "n3w").splitlines(), ".")
    if not (await away(sim.expect, "a write to flash is torn|Written: it runs"))[0].startswith("a"):
        sim.console("reset")
        await away(sim.expect, "The new configuration did not work: the one before it is back")
    await away(sim.expect, READY)
    admitted = [not await refused(sim, token=token) for token in ("s3cr3t", "n3w")]
    assert admitted == [True, False] and await refused(sim), (number, admitted)
    return number


async def test_torn_write(simulate):
    """Wherever the writing is torn, the configuration in force is the old one, whole. It takes two
    erasures and three writes, and then a mark where its trial begins, each of which one of these
    seeds tears."""
    torn = await asyncio.gather(*(tear(simulate, seed) for seed in (2, 7, 14, 11, 4, 3)))
    assert torn == ["1", "2", "3", "4", "5", "6"]


async def test_clock_wrap(simulate):
    """Counters of 32 bits turn over under talking clients, and nobody notices."""
    sim = simulate()
    sim.configure(QUICK_PINGS)
    sim.command("clock-wrap")
    sim.expect(r"429496\d\.\d+ \[INF\] Starting midge", 10)
    end = time.monotonic() + 6  # a second after the wrap
    sim.expect(READY)
    cut_off = []

    async def on_cut():
        cut_off.append(time.monotonic())

    reader = await sim.client(disconnected_cb=on_cut)
    writer = await sim.client(disconnected_cb=on_cut)
    sub = await reader.subscribe("time")
    await arrived(reader)
    for n in itertools.count():
        await writer.publish("time", b"%d" % n)
        await expect(sub, b"%d" % n)
        if time.monotonic() > end:
            break
    assert n > 100
    sim.console("status")
    assert int(sim.expect(r"Up for (\d+) s")[1]) > 2**32 / 1000
    assert not cut_off
    await lay_ghost(sim, 2)  # for which timers must run


async def test_pool_failure(simulate):
    """What is not there is done without: clients may be cut off, but hear nothing that was not said,
    and nothing is left in the end."""
    sim = simulate()
    empty = sim.status()
    heard, wrong = [], []

    async def note(message):
        heard.append(message.data)

    async def complain(error):
        if isinstance(error, nats.errors.ProtocolError):
            wrong.append(error)

    subs = []
    for _ in range(3):
        reader = await sim.client(error_cb=complain)
        await reader.subscribe("numbers", cb=note)
        subs.append(await reader.subscribe("word"))
        await arrived(reader)
    writer = await sim.client(error_cb=complain)
    payloads = [b"%d" % n * 200 for n in range(1000, 1300)]
    sim.command("pool-failure 3")
    for payload in payloads:
        try:
            await writer.publish("numbers", payload)
            await writer.flush(timeout=1)
        except (nats.errors.Error, OSError):
            pass
    sim.command("pool-failure 0")
    await until_heard(sim, writer, subs)
    assert sim.status()["failures"] > 30
    assert len(heard) > 300 and set(heard) <= set(payloads) and not wrong, wrong
    await sim.close_clients()
    sim.clients.clear()
    await exchange(sim)
    pools = [name for name, value in empty.items() if isinstance(value, tuple)]
    left = {"SYS_TIMEOUT", "TCP_PCB"}  # timers come and go, and control blocks wait a while
    await eventually(lambda: all(sim.status()[p] == empty[p] for p in pools if p not in left))
