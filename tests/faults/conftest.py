"""Tests are coroutines, for the Python client's sake."""

import asyncio
import inspect

import pytest

from simulator import Simulator


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    simulators = pyfuncitem.funcargs.get("simulate")

    async def run():
        try:
            await pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
        finally:
            for one in simulators.started if simulators else []:
                await one.close_clients()

    asyncio.run(run())
    return True


@pytest.fixture
def simulate():
    """Starts a midge-sim; it must end well after the test."""

    def start(*flags, **options):
        start.started.append(Simulator(*flags, **options))
        return start.started[-1]

    start.started = []
    yield start
    try:
        for one in start.started:
            one.quit()
    finally:
        for one in start.started:
            one.kill()


def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    count = lambda *kinds: sum(len(reporter.stats.get(kind, [])) for kind in kinds)
    print(f"faults: {count('passed')} passed, {count('failed', 'error')} failed")
