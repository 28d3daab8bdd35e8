"""The image, the compose file and the Kubernetes manifest are as they should be, and fit the application."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from examples.task_manager.config import Settings
from examples.task_manager.tests.assembled import needs_typeway
from examples.task_manager.tests.dockerfile_rules import complaints_about, instructions_of
from typeway.testclient import TestClient

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "examples" / "task_manager" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
MANIFEST: list[dict[str, Any]] = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))
BY_KIND = {document["kind"]: document for document in MANIFEST}
PODS = [BY_KIND[kind]["spec"]["template"]["spec"] for kind in ("Job", "Deployment")]
API = BY_KIND["Deployment"]["spec"]["template"]["spec"]["containers"][0]

COMMANDS = {
    "Dockerfile": json.loads(next(each.text for each in instructions_of(DOCKERFILE) if each.name == "CMD")),
    "compose": COMPOSE["services"]["api"]["command"],
    "Kubernetes": API["args"],
}


def test_the_image_breaks_no_rule() -> None:
    """It is small, reproducible, without secrets, and does not run as root."""
    assert complaints_about(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("python:3.13-slim\nRUN", "python\nRUN", "FROM python has no version"),
        ("python:3.13-slim\nRUN", "python:latest\nRUN", "FROM python:latest has no version"),
        ("USER 10001", "USER root", "the image runs as root, or as a user without a number"),
        ("USER 10001\n", "", "the image runs as root, or as a user without a number"),
        ('CMD ["typeway", "run",', "CMD typeway run #", "CMD is run by a shell"),
        ("--no-cache-dir", "", "pip keeps its cache"),
        ("EXPOSE 8000", "RUN apt-get install curl", "apt-get keeps its lists"),
        ("COPY src", "ADD src", "ADD src"),
        ("WORKDIR /app", "WORKDIR app", "WORKDIR app is relative"),
        ("EXPOSE 8000", "RUN cd /tmp && ls", "RUN changes the folder"),
        ("EXPOSE 8000", "RUN sudo ls", "sudo"),
        ('PYTHONUNBUFFERED="1"', 'TASK_MANAGER_SECRET_KEY="x"', "ENV TASK_MANAGER_SECRET_KEY is in the image"),
        ("HEALTHCHECK", "LABEL x=y #", "there is no HEALTHCHECK"),
        ("EXPOSE 8000", 'CMD ["ls"]', "there is not exactly one CMD"),
    ],
)
def test_each_rule_finds_its_mistake(old: str, new: str, complaint: str) -> None:
    """A rule that finds nothing in a file with the mistake would say nothing about a file without."""
    assert old in DOCKERFILE
    assert any(found.startswith(complaint) for found in complaints_about(DOCKERFILE.replace(old, new)))


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    """Each source exists, and the file that keeps things from the builder lets it through."""
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line[1:] for line in lines if line.startswith("!")}
    copied = [each.text.split()[:-1] for each in instructions_of(DOCKERFILE) if each.name == "COPY"]
    sources = {source for words in copied if not words[0].startswith("--from") for source in words}
    assert sources == let_through
    assert [source for source in sources if not (ROOT / source).exists()] == []


@needs_typeway
@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_has_options_that_exist(name: str) -> None:
    """The command line of the image, of compose and of Kubernetes is one that `typeway run` accepts."""
    from typeway.cli.commands import cli

    program, command, *arguments = COMMANDS[name]
    group: Any = typer.main.get_command(cli)
    context = group.commands[command].make_context(program, arguments)
    assert context.params["target"] == "examples.task_manager.main:app"
    assert context.params["graceful_timeout"] == 25


def test_compose_restricts_what_it_runs() -> None:
    """No service runs as root or can write but where it must, gains no privileges, and its memory is limited."""
    for service in COMPOSE["services"].values():
        assert service["read_only"] is True
        assert "/tmp" in service["tmpfs"]
        assert "build" in service or service["user"] not in {"", "root", "0"}
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["mem_limit"]
        assert not {"privileged", "cap_add", "network_mode", "pid"} & set(service)
    assert COMPOSE["services"]["api"]["ports"] == ["127.0.0.1:8000:8000"]
    assert "ports" not in COMPOSE["services"]["db"]


def test_compose_starts_in_order_and_stops_with_patience() -> None:
    """The database is healthy before the migrations, these are done before the application, requests finish before the end."""
    services = COMPOSE["services"]
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["api"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert int(services["api"]["stop_grace_period"].removesuffix("s")) > seconds_to_stop(COMMANDS["compose"])
    for service in services.values():
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in COMPOSE["volumes"]
        assert re.fullmatch(r"[\w.-]+:[\w.-]*\d[\w.-]*", service["image"])


def test_secrets_are_in_no_file() -> None:
    """Passwords and keys come from the environment or from a Secret."""
    for service in COMPOSE["services"].values():
        for name, value in service["environment"].items():
            if re.search(r"PASSWORD|SECRET|DATABASE_URL", name):
                assert "${" in value, name
    assert API["envFrom"] == [{"secretRef": {"name": "task-manager"}}]
    assert "Secret" not in BY_KIND


def seconds_to_stop(command: list[str]) -> int:
    """Return how long the server may take to stop."""
    words = " ".join(command).replace("=", " ").split()
    return sum(int(words[words.index(name) + 1]) for name in ("--graceful-timeout", "--drain-delay") if name in words)


def test_the_manifest_has_kubernetes_schema() -> None:
    """Every document has the fields of its kind, of the right types, and no others."""
    validator = pytest.importorskip("kubernetes_validate")
    for document in MANIFEST:
        validator.validate(document, validator.latest_version(), strict=True)


@pytest.mark.parametrize("pod", PODS, ids=["Job", "Deployment"])
def test_pods_are_restricted(pod: dict[str, Any]) -> None:
    """The `restricted` level of Kubernetes' Pod Security Standards, a read-only file system, and limits."""
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        assert re.search(r":[\w.-]*\d[\w.-]*$", container["image"])
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
        assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}


def test_a_pod_stops_without_losing_a_request() -> None:
    """Kubernetes waits longer than the hook and the server together."""
    spec = BY_KIND["Deployment"]["spec"]["template"]["spec"]
    hook = API["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] > hook + seconds_to_stop(COMMANDS["Kubernetes"])
    assert BY_KIND["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_parts_of_the_manifest_name_each_other_correctly() -> None:
    """Selectors, ports, claims and numbers of users are the same everywhere."""
    labels = BY_KIND["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert BY_KIND["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert BY_KIND["Service"]["spec"]["selector"] == labels
    assert BY_KIND["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert BY_KIND["Job"]["spec"]["template"]["metadata"]["labels"] != labels
    assert BY_KIND["Service"]["spec"]["ports"][0]["targetPort"] in {port["name"] for port in API["ports"]}
    claims = [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in PODS[1]["volumes"]
        if len(volume) == 2 and "persistentVolumeClaim" in volume
    ]
    assert claims == [BY_KIND["PersistentVolumeClaim"]["metadata"]["name"]]
    assert f"USER {PODS[1]['securityContext']['runAsUser']}\n" in DOCKERFILE


def test_probes_and_checks_ask_what_the_application_answers(client: TestClient) -> None:
    """Each path answers 200 without credentials; what leads to a restart does not ask the database."""
    probes = {name: API[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    asked = re.findall(r"127\.0\.0\.1:8000(/[\w/]+)", DOCKERFILE)
    for path in (*probes.values(), *asked):
        assert client.get(path).status_code == 200, path
    assert probes["livenessProbe"] == probes["startupProbe"] == "/health/live"
    assert asked == ["/health/live"]
    assert probes["readinessProbe"] == "/health/ready"


def test_settings_have_names_that_the_application_reads() -> None:
    """A misspelt variable would have no effect."""
    known = {f"TASK_MANAGER_{name.upper()}" for name in Settings.model_fields} | {"DATABASE_URL", "REDIS_URL"}
    files = "".join(
        (DEPLOY / name).read_text(encoding="utf-8") for name in ("Dockerfile", "compose.yaml", "kubernetes.yaml")
    )
    assert set(re.findall(r"\b(?:TASK_MANAGER_\w+|DATABASE_URL|REDIS_URL)\b", files)) <= known
