"""Who may come in by an NKey or a hashed password, with every official client; and what the hub tells
of the secrets that it was told, in its log and by monitoring: nothing."""

import os
import socket
import sys
import urllib.error
import urllib.request

import pytest

from program import eventually

sys.path.append(os.path.join(os.path.dirname(__file__), "../wire"))
from nkeys import pair

ADA, EVE = pair("ada"), pair("eve")
NKEYS = f"""
authorization {{ users: [
    {{nkey: {ADA.public}}}
    {{user: bob, password: "$2b$08$Wwwu.i4G6I72kgmXgbOXG.PLw.cDtG3oCzMMo3b7bVXz7sK2xjHUm"}}
] }}
"""


@pytest.fixture
def seed(tmp_path, monkeypatch):
    """Gives clients a key pair."""

    def give(pair):
        file = tmp_path / "user.nk"
        file.write_text(pair.seed + "\n")
        monkeypatch.setenv("NKEY", pair.public)
        monkeypatch.setenv("NKEY_SEED", str(file))
        return file

    return give


@pytest.mark.parametrize("whose, answer", [(ADA, "welcome"), (EVE, "refused")])
def test_nkey(start_hub, client, seed, whose, answer):
    hub = start_hub(config=NKEYS)
    seed(whose)
    program = client("login", hub.url)
    program.succeed()
    program.says(f"^{answer}$")
    closed = hub.get("/connz?state=any&auth=true")["connections"]
    assert {c["authorized_user"] for c in closed} == {whose.public}


@pytest.mark.parametrize("password, answer", [("builder", "welcome"), ("destroyer", "refused")])
def test_hashed_password(start_hub, client, password, answer):
    hub = start_hub(config=NKEYS)
    program = client("login", hub.url.replace("//", f"//bob:{password}@"))
    program.succeed()
    program.says(f"^{answer}$")


def test_nkey_of_the_command_line(start_hub, tool, seed):
    hub = start_hub(config=NKEYS)
    file = seed(ADA)
    sub = tool("nats", "-s", hub.url, "--nkey", file, "sub", "garden", "--count", 1)
    hub.await_subscriptions(1)
    tool("nats", "-s", hub.url, "--nkey", file, "pub", "garden", "rose").succeed()
    sub.succeed()
    sub.says("^rose$")
    file = seed(EVE)
    refused = tool("nats", "-s", hub.url, "--nkey", file, "pub", "garden", "rose")
    assert refused.wait() != 0
    refused.says("(?i)authorization violation")


# ---- Secrets ------------------------------------------------------------------------------------

SECRET = "l0velace-is-secret"
SECRETS = f"""
debug: true
trace: true
authorization {{ users: [
    {{user: ada, password: "{SECRET}"}}
    {{user: bob, password: "$2a$04$SECRETsecretSECRETsecreSecretSECRETsecretSECRETsecretSE"}}
    {{nkey: {ADA.public}}}
] }}
"""
PATHS = ["/varz", "/connz?auth=true&subs=detail&state=any", "/subsz?subs=1", "/healthz", "/accountz",
         "/", "/nothing"]

SAID = [
    f'CONNECT {{"user":"ada","pass":"{SECRET}"}}\r\nPING\r\n',
    f'CONNECT {{"user":"eve","pass":"{SECRET}"}}\r\nPING\r\n',
    f'CONNECT {{"auth_token":"{SECRET}"}}\r\nPING\r\n',
    f'CONNECT {{"user":"bob","pass":"{SECRET}"}}\r\nPING\r\n',
    f'CONNECT {{"nkey":"{ADA.public}","sig":"{SECRET}"}}\r\nPING\r\n',
    f'CONNECT {{"USER":"ada","Pass":"{SECRET}","paSS":"{SECRET}"}}\r\nPING\r\n',
    f'CONNECT {{"user":"ada","p\\u0061ss":"{SECRET}"}}\r\nPING\r\n',
    f'CONNECT {{"user":"ada","pass":"{SECRET}"\r\nPING\r\n',
    f'CONNECT {{"user":"ada","pass":{SECRET}}}\r\nPING\r\n',
    f'CONNECT {{"user":"ada","pass":["{SECRET}"]}}\r\nPING\r\n',
    f'CONNECT "{SECRET}"\r\nPING\r\n',
    f'CONNECX {{"user":"ada","pass":"{SECRET}"}}\r\nPING\r\n',
    f'CONNEC {SECRET}\r\nPING\r\n',
    f'CX{SECRET}\r\nPING\r\n',
    f'CONNECT {{"pass":"{SECRET}","x":"{"y" * 70000}"}}\r\nPING\r\n',
    f'CONNECT {{"pass":"{SECRET}',
]


def say(hub, address, text):
    """Says something from an address of its own. All that is answered."""
    with socket.create_connection(("127.0.0.1", hub.port), 10, (address, 0)) as wire:
        wire.sendall(text.encode())
        wire.shutdown(socket.SHUT_WR)
        return wire.makefile("r", errors="replace").read()


def ask(hub, path):
    try:
        with urllib.request.urlopen(hub.monitor_url + path, timeout=10) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


@pytest.mark.midge
def test_secrets_stay_secret(start_hub):
    hub = start_hub(config=SECRETS, log=True)
    told = [say(hub, f"127.0.5.{number + 1}", text) for number, text in enumerate(SAID)]
    eventually(lambda: hub.get("/varz")["connections"] == 0)
    told += [ask(hub, path) for path in PATHS]
    hub.stop()
    told = "\n".join([hub.log.read_text(), hub.program.text(), *told])
    assert "authentication error" in told and "REDACTED" in told
    for secret in (SECRET, "SECRETsecret", SECRET[2:]):
        assert secret not in told
