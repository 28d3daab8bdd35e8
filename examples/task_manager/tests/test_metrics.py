"""Measure requests, as a setting says."""

import sys

import pytest

from examples.task_manager.config import Settings
from examples.task_manager.tests.assembled import create_app, needs_typeway
from examples.task_manager.tests.people import create, join
from typeway.testclient import TestClient


def metrics_of(client: TestClient) -> dict[str, float]:
    """Return the values of all series."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_prometheus_sees_requests_by_route(settings: Settings) -> None:
    """Ids and unknown paths make no series of their own."""
    with TestClient(create_app(settings.model_copy(update={"metrics": "prometheus"}))) as client:
        alice = join(client, "alice")
        number = create(client, alice)["id"]
        for path in (f"/tasks/{number}", f"/tasks/{number}", "/tasks/999", "/a", "/b"):
            client.get(path, headers=alice)
        found = metrics_of(client)
    route = 'method="GET",route="/tasks/{task_id}"'
    assert found[f'http_requests_total{{{route},status="200"}}'] == 2
    assert found[f'http_requests_total{{{route},status="404"}}'] == 1
    assert found[f"http_request_duration_seconds_count{{{route}}}"] == 3
    assert found['http_requests_total{method="any",route="unmatched",status="404"}'] == 2


def test_applications_of_one_process_have_their_own_metrics(settings: Settings) -> None:
    """A second application starts at nothing."""
    measured = settings.model_copy(update={"metrics": "prometheus"})
    for _ in range(2):
        with TestClient(create_app(measured)) as client:
            client.get("/health/live")
            assert metrics_of(client)['http_requests_total{method="GET",route="/health/live",status="200"}'] == 1


@pytest.mark.parametrize("metrics", ["none", "opentelemetry"])
def test_otherwise_there_is_nothing_to_see(settings: Settings, metrics: str) -> None:
    """OpenTelemetry's metrics are sent, not fetched."""
    with TestClient(create_app(settings.model_copy(update={"metrics": metrics}))) as client:
        assert client.get("/metrics").status_code == 404


@needs_typeway
def test_nothing_is_said_of_telemetry_that_nobody_wants(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without OpenTelemetry, only the setting that needs it is answered with a warning."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    create_app(settings)
    assert "Telemetry" not in caplog.text
    create_app(settings.model_copy(update={"metrics": "opentelemetry"}))
    assert "Telemetry is disabled" in caplog.text
