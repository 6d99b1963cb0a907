// The rows of all documents. Has no guard: endpoint.c takes them twice, for their names and for all
// else. What a row is made of stands there; HUB(row) is there with MIDGE_MONITOR_HUB only.
//
// clang-format off

DOCUMENT(varz)
    OPEN("")
        SERVER_ID
        WORD("server_name", SERVER_NAME)
        CONSTANT_TEXT("version", version)
        CONSTANT("proto", PLAIN, one)
        WORD("go", PLATFORM)
        HUB(WORD("host", HOST))
        PORT
        ANSWER_IF_ANY("auth_required", TRUTH, auth_required)
        TLS(ANSWER_IF_ANY("tls_required", TRUTH, tls_required))
        TLS(CONFIG_IF_ANY("tls_verify", TRUTH, tls.verify))
        CONFIG("max_connections", PLAIN, max_connections)
        CONFIG_IF_ANY("max_subscriptions", PLAIN, max_subscriptions)
        CONFIG("ping_interval", NANOS, ping_interval_ms)
        CONFIG("ping_max", PLAIN, ping_max)
        HUB(CONFIG("http_host", SETTING, http_host))
        HTTP_PORT
        HUB(CONFIG("http_base_path", SETTING, http_base_path))
        HTTPS_PORT
        HUB(CONFIG("auth_timeout", SECONDS, auth_timeout_ms))
        CONFIG("max_control_line", PLAIN, max_control_line)
        CONFIG("max_payload", PLAIN, max_payload)
        CONFIG("max_pending", PLAIN, max_pending)
        HUB(EMPTY("cluster"))
        HUB(EMPTY("gateway"))
        HUB(EMPTY("leaf"))
        HUB(EMPTY("mqtt"))
        HUB(EMPTY("websocket"))
        HUB(EMPTY("jetstream"))
        HUB(TLS_TIMEOUT)
        CONFIG("write_deadline", NANOS, write_deadline_ms)
        HUB(MIDGE("start", MOMENT, started_us))
        HUB(NOW)
        MIDGE("uptime", AGE, started_us)
        HUB(MIDGE("mem", PLAIN, host.rss_bytes))
        HUB(MIDGE("cores", PLAIN, host.cores))
        HUB(CONSTANT("gomaxprocs", PLAIN, one))
        HUB(MIDGE("cpu", PERCENT, host.cpu_permille))
        MIDGE("connections", PLAIN, open[MIDGE_CLIENT])
        MIDGE("total_connections", PLAIN, total_connections)
        HUB(ZERO("routes"))
        HUB(ZERO("remotes"))
        HUB(ZERO("leafnodes"))
        MIDGE("in_msgs", PLAIN, in_msgs)
        MIDGE("in_bytes", PLAIN, in_bytes)
        HUB(MIDGE("in_client_msgs", PLAIN, in_msgs))
        HUB(MIDGE("in_client_bytes", PLAIN, in_bytes))
        MIDGE("out_msgs", PLAIN, out_msgs)
        MIDGE("out_bytes", PLAIN, out_bytes)
        HUB(MIDGE("out_client_msgs", PLAIN, out_msgs))
        HUB(MIDGE("out_client_bytes", PLAIN, out_bytes))
        MIDGE("slow_consumers", PLAIN, slow_consumers)
        MIDGE("stale_connections", PLAIN, stale_connections)
        MIDGE("stalled_clients", PLAIN, stalls)
        MIDGE("subscriptions", PLAIN, pools[POOL_subscriptions].used)
        HUB(EACH_NAMED("http_req_stats", REQUESTS))
            HUB(ANSWER("", PLAIN, requests))
        HUB(AGAIN)
        HUB(CONFIG("config_load_time", WALL, loaded_wall_us))
        HUB(TEXT("config_digest", BASE_CONFIG, struct midge_config, digest))
        HUB(EACH_IF_ANY("tags", TAGS))
            HUB(WORD("", TAG))
        HUB(AGAIN)
        HUB(BY_KIND("slow_consumer_stats", slow_consumers))
        HUB(BY_KIND("stale_connection_stats", stale_connections))
        HUB(OPEN("disk_io_wait_stats"))
            HUB(ZERO("waiters"))
            HUB(ZERO("waits"))
            HUB(ZERO("wait_time"))
            HUB(ZERO("max_wait_time"))
        HUB(CLOSE)
        TLS(MIDGE_IF_ANY("tls_cert_not_after", WALL, host.certificate_end_us))
        // Of the broker, and of what lies below it; nats-server has no pools.
        EACH_NAMED("pools", POOLS)
            OPEN("")
                POOL("in_use", used)
                POOL("high", high)
                POOL("limit", limit)
                POOL("bytes", entry_bytes)
            CLOSE
        AGAIN
    CLOSE
DONE;

DOCUMENT(connz)
    OPEN("")
        SERVER_ID
        HUB(NOW)
        STATE("num_connections", count)
        STATE("total", total)
        ANSWER("offset", PLAIN, offset)
        ANSWER("limit", PLAIN, limit)
        EACH("connections", CONNECTIONS)
            OPEN("")
                STATE("cid", cid)
                HUB(CONSTANT_TEXT("kind", client))
                HUB(CONSTANT_TEXT("type", nats))
                WORD("ip", IP)
                FACTS("port", PLAIN, peer.port)
                HUB(FACTS("start", MOMENT, started_us))
                HUB(ANSWER("last_activity", MOMENT, told.active_us))
                HUB(ANSWER_IF_ANY("stop", MOMENT, told.stopped_us))
                HUB(WORD_IF_ANY("reason", REASON))
                FACTS("rtt", ROUND, rtt_us)
                FACTS("uptime", AGE, started_us)
                ANSWER("idle", AGE, told.active_us)
                ANSWER("pending_bytes", PLAIN, told.pending_bytes)
                FACTS("in_msgs", PLAIN, in_msgs)
                FACTS("out_msgs", PLAIN, out_msgs)
                FACTS("in_bytes", PLAIN, in_bytes)
                FACTS("out_bytes", PLAIN, out_bytes)
                FACTS_IF_ANY("stalls", PLAIN, stalls)
                FACTS("subscriptions", PLAIN, subs_count)
                FACTS_IF_ANY("name", INTERNED, name)
                FACTS_IF_ANY("lang", INTERNED, lang)
                FACTS_IF_ANY("version", INTERNED, version)
                TLS(WORD_IF_ANY("tls_version", TLS_VERSION))
                TLS(WORD_IF_ANY("tls_cipher_suite", TLS_CIPHER))
                HTTPS(EACH_IF_ANY("tls_peer_certs", SHOWN))
                    HTTPS(OPEN(""))
                        HTTPS(WORD_IF_ANY("subject", SHOWN_SUBJECT))
                        HTTPS(WORD("spki_sha256", SHOWN_KEY))
                        HTTPS(WORD("cert_sha256", SHOWN_HASH))
                    HTTPS(CLOSE)
                HTTPS(AGAIN)
                HUB(ANSWER_IF_ANY("authorized_user", INTERNED, login))
                TLS(FACTS_IF_ANY("tls_first", TRUTH, tls_first))
                EACH_IF_ANY("subscriptions_list", SUBJECTS)
                    WORD("", SUBJECT)
                AGAIN
                HUB(EACH_IF_ANY("subscriptions_list_detail", DETAILS))
                    HUB(OPEN(""))
                        HUB(SUBSCRIPTION)
                    HUB(CLOSE)
                HUB(AGAIN)
                HUB(WORD_IF_ANY("name_tag", NAME_TAG))
            CLOSE
        AGAIN
    CLOSE
DONE;

DOCUMENT(subsz)
    OPEN("")
        SERVER_ID
        HUB(NOW)
        TABLE_STATS
        STATE("total", total)
        ANSWER("offset", PLAIN, offset)
        ANSWER("limit", PLAIN, limit)
        EACH_IF_ANY("subscriptions_list", TABLE)
            OPEN("")
                HUB(CONSTANT_TEXT("account", account))
                HUB(CONSTANT_TEXT("account_tag", account))
                SUBSCRIPTION
            CLOSE
        AGAIN
    CLOSE
DONE;

#if MIDGE_MONITOR_HUB

DOCUMENT(root)
    OPEN("")
        CONSTANT_TEXT("", page_begin)
        EACH("", ENDPOINTS)
            CONSTANT_TEXT("", page_link)
            CONFIG("", SETTING, http_base_path)
            WORD("", PATH)
            CONSTANT_TEXT("", page_title)
            WORD("", TITLE)
            CONSTANT_TEXT("", page_next)
        AGAIN
        CONSTANT_TEXT("", page_end)
    CLOSE
DONE;

DOCUMENT(accountz)
    OPEN("")
        SERVER_ID
        NOW
        EACH("accounts", ACCOUNTS)
            WORD("", ACCOUNT)
        AGAIN
    CLOSE
DONE;

DOCUMENT(accountz_detail)
    OPEN("")
        SERVER_ID
        NOW
        OPEN("account_detail")
            CONSTANT_TEXT("account_name", account)
            MIDGE("update_time", MOMENT, started_us)
            NO("expired")
            YES("complete")
            NO("jetstream_enabled")
            ZERO("leafnode_connections")
            MIDGE("client_connections", PLAIN, open[MIDGE_CLIENT])
            MIDGE("subscriptions", PLAIN, pools[POOL_subscriptions].used)
            CONSTANT_TEXT("name_tag", account)
            OPEN("sublist_stats")
                TABLE_STATS
            CLOSE
        CLOSE
    CLOSE
DONE;

DOCUMENT(accstatz)
    OPEN("")
        SERVER_ID
        NOW
        EACH("account_statz", STATS)
            OPEN("")
                CONSTANT_TEXT("acc", account)
                CONSTANT_TEXT("name", account)
                MIDGE("conns", PLAIN, open[MIDGE_CLIENT])
                ZERO("leafnodes")
                MIDGE("total_conns", PLAIN, open[MIDGE_CLIENT])
                MIDGE("num_subscriptions", PLAIN, pools[POOL_subscriptions].used)
                TRAFFIC("sent", out)
                TRAFFIC("received", in)
                MIDGE("slow_consumers", PLAIN, slow_consumers)
            CLOSE
        AGAIN
    CLOSE
DONE;

DOCUMENT(routez)
    OPEN("")
        SERVER_ID
        WORD("server_name", SERVER_NAME)
        NOW
        ZERO("num_routes")
        EACH("routes", NOTHING)
        AGAIN
    CLOSE
DONE;

DOCUMENT(gatewayz)
    OPEN("")
        SERVER_ID
        NOW
        EMPTY("outbound_gateways")
        EMPTY("inbound_gateways")
    CLOSE
DONE;

DOCUMENT(leafz)
    OPEN("")
        SERVER_ID
        NOW
        ZERO("leafnodes")
        EACH("leafs", NOTHING)
        AGAIN
    CLOSE
DONE;

DOCUMENT(jsz)
    OPEN("")
        ZERO("memory")
        ZERO("storage")
        ZERO("reserved_memory")
        ZERO("reserved_storage")
        ZERO("accounts")
        ZERO("ha_assets")
        OPEN("api")
            ZERO("level")
            ZERO("total")
            ZERO("errors")
        CLOSE
        SERVER_ID
        NOW
        YES("disabled")
        OPEN("config")
            ZERO("max_memory")
            ZERO("max_storage")
        CLOSE
        ZERO("streams")
        ZERO("consumers")
        ZERO("messages")
        ZERO("bytes")
        ZERO("total")
    CLOSE
DONE;

#endif
