// An output queue against a plain array of the same bytes, and blocks against a count of them.

#include "tests/unit/broker.h"

static uint8_t queued[1 << 16];  // what must come out
static uint32_t queued_bytes;

static uint8_t next_byte(void) {
    static uint8_t last;
    return ++last;
}

static void append(struct midge *m, struct conn *c, uint32_t n) {
    uint8_t bytes[1000];
    uint8_t *place;
    for (uint32_t i = 0; i < n; i++)
        bytes[i] = next_byte();
    if (n > 0 && chance(2) == 0 &&
        (place = outq_place(&c->out, m->blocks, m->block_room, n)) != NULL) {
        memcpy(place, bytes, n);
        outq_advance(&c->out, n);
    } else {
        uint32_t before = c->blocks;
        uint32_t foretold = outq_blocks_for(m, c, n, 0);
        assert_true(outq_append(m, c, bytes, n));
        assert_true(c->blocks - before <= foretold);
    }
    memcpy(queued + queued_bytes, bytes, n);
    queued_bytes += n;
}

// Appends a reference into a chain of its own, which nobody else holds.
static void refer(struct midge *m, struct conn *c, uint32_t n) {
    index_t chain = 0;
    index_t last = 0;
    uint32_t blocks = 0;
    uint32_t offset = chance(20);
    for (uint32_t at = 0; at < offset + n; blocks++) {
        index_t b = block_take(m, c);
        assert_int_not_equal(b, 0);
        for (uint32_t i = 0; i < m->block_room && at < offset + n; i++, at++) {
            m->blocks[b].bytes[i] = next_byte();
            if (at >= offset)
                queued[queued_bytes++] = m->blocks[b].bytes[i];
        }
        if (last != 0)
            m->blocks[last].next = b;
        else
            chain = b;
        last = b;
    }
    assert_true(block_share(m, c, chain, blocks));
    m->blocks[chain].refs = 1;
    assert_true(outq_refer(m, c, chain, offset, n));
    block_unref(m, chain);
}

static void send(struct midge *m, struct conn *c, uint32_t n) {
    outq_sent(m, c, n);
    queued_bytes -= n;
    memmove(queued, queued + n, queued_bytes);
}

// Reads the queue from byte `skip` on, a few spans at a time, and compares.
static void expect_queued(const struct midge *m, const struct conn *c, uint32_t skip) {
    struct midge_span v[3];
    uint32_t count;
    assert_int_equal(c->out.bytes, queued_bytes);
    while ((count = outq_spans(m, c, skip, v, 1 + chance(3))) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            assert_true(v[i].n > 0 && skip + v[i].n <= queued_bytes);
            assert_memory_equal(v[i].bytes, queued + skip, v[i].n);
            skip += v[i].n;
        }
    }
    assert_int_equal(skip, queued_bytes);
}

static void test_random_operations(void **state) {
    (void)state;
    struct midge *m = broker_start(1000, 128);
    struct conn *c = &m->connections[conn_open(m, MIDGE_CLIENT, NULL)];
    for (uint32_t round = 0; round < 20000; round++) {
        uint32_t kind = chance(queued_bytes < 10000 ? 8 : 3);
        if (kind >= 4)
            append(m, c, chance(kind == 4 ? 700 : 60));
        else if (kind == 3)
            refer(m, c, 1 + chance(600));
        else if (queued_bytes > 0)
            send(m, c, kind == 0 ? queued_bytes : 1 + chance(queued_bytes));
        expect_queued(m, c, queued_bytes > 0 ? chance(queued_bytes) : 0);
        if (queued_bytes == 0)
            assert_int_equal(m->pools[POOL_blocks].used, 0);
    }
    outq_clear(m, c);
    assert_int_equal(m->pools[POOL_blocks].used, 0);
    assert_int_equal(m->blocks_reserved, MIDGE_BLOCKS_GUARANTEED);
}

static void test_refused_append_changes_nothing(void **state) {
    (void)state;
    struct midge *m = broker_start(MIDGE_BLOCKS_GUARANTEED + 3, 128);
    struct conn *c = &m->connections[conn_open(m, MIDGE_CLIENT, NULL)];
    static uint8_t bytes[1000];
    queued_bytes = 0;
    append(m, c, 100);
    assert_false(outq_append(m, c, bytes, sizeof bytes));
    expect_queued(m, c, 0);
    outq_clear(m, c);
    assert_int_equal(m->pools[POOL_blocks].used, 0);
}

// What is guaranteed is had by each, whatever the others took.
static void test_guarantees_hold(void **state) {
    (void)state;
    struct midge *m = broker_start(20, 128);
    struct conn *c[4];
    for (uint32_t i = 0; i < 4; i++)
        c[i] = &m->connections[conn_open(m, MIDGE_CLIENT, NULL)];
    index_t taken[20];
    uint32_t n = 0;
    while ((taken[n] = block_take(m, c[0])) != 0)
        n++;
    assert_int_equal(n, 20 - 3 * MIDGE_BLOCKS_GUARANTEED);
    assert_int_equal(block_common(m), 0);
    for (uint32_t i = 1; i < 4; i++) {
        assert_int_equal(block_available(m, c[i]), MIDGE_BLOCKS_GUARANTEED);
        for (uint32_t k = 0; k < MIDGE_BLOCKS_GUARANTEED; k++)
            assert_int_not_equal(block_take(m, c[i]), 0);
        assert_int_equal(block_take(m, c[i]), 0);
    }
    while (n > 0)
        block_give(m, c[0], taken[--n]);
    assert_int_equal(m->blocks_reserved, MIDGE_BLOCKS_GUARANTEED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_refused_append_changes_nothing),
        cmocka_unit_test(test_guarantees_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
