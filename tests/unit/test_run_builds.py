import json
from pathlib import Path

import pytest

from kefu.run import builds
from kefu.run.steps import RunError


@pytest.fixture
def project(tmp_path, monkeypatch):
    files = ("config.yml", "domain.yml", "uv.lock", "data/mood.yml", "data/nlu/tickets.yml",
             "data/rules/tickets.yml", "data/knowledge/lock.yml", "kefu/nlu/tokenizer.py",
             "actions/tickets.py")  # fmt: skip
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.setattr(builds, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def trainings(monkeypatch):
    """Stands in for Rasa: writes the model that it is asked for."""
    calls = []

    def call(command, failure, **_):
        calls.append(command)
        folder = Path(command[command.index("--out") + 1])
        name = command[command.index("--fixed-model-name") + 1]
        folder.mkdir(parents=True)
        (folder / f"{name}.tar.gz").write_text("a model")

    monkeypatch.setattr(builds, "call", call)
    return calls


def fingerprint(project):
    return builds.fingerprint(project, builds.model_inputs(project))


@pytest.mark.parametrize("name", ["config.yml", "data/nlu/tickets.yml", "kefu/nlu/tokenizer.py", "uv.lock"])
def test_a_changed_input_gives_another_fingerprint(project, name):
    before = fingerprint(project)
    (project / name).write_text("changed")
    assert fingerprint(project) != before


@pytest.mark.parametrize("name", ["data/knowledge/lock.yml", "actions/tickets.py"])
def test_what_is_read_at_run_time_leaves_the_fingerprint(project, name):
    before = fingerprint(project)
    (project / name).write_text("changed")
    assert fingerprint(project) == before


def test_a_new_or_renamed_file_gives_another_fingerprint(project):
    before = fingerprint(project)
    (project / "data/nlu/tickets.yml").rename(project / "data/nlu/orders.yml")
    assert fingerprint(project) != before


def test_the_model_is_trained_once_for_the_same_inputs(project, trainings):
    first, second = builds.model(), builds.model()
    assert first == second and first.read_text() == "a model"
    assert len(trainings) == 1


def test_the_model_of_inputs_that_come_back_is_kept(project, trainings):
    first = builds.model()
    (project / "config.yml").write_text("changed")
    assert builds.model() != first
    (project / "config.yml").write_text("config.yml")
    assert builds.model() == first
    assert len(trainings) == 2


def test_an_interrupted_training_leaves_no_model(project, monkeypatch):
    def interrupted(command, failure, **_):
        draft = Path(command[command.index("--out") + 1])
        draft.mkdir(parents=True)
        (draft / "half.tar.gz").write_text("half a mod")
        raise KeyboardInterrupt

    monkeypatch.setattr(builds, "call", interrupted)
    with pytest.raises(KeyboardInterrupt):
        builds.model()
    assert not list((project / "models").rglob("*.tar.gz"))


def test_a_missing_input_is_named(project, trainings):
    (project / "domain.yml").unlink()
    with pytest.raises(RunError, match="domain.yml is missing"):
        builds.model()


def test_another_config_is_another_model(project, trainings):
    (project / "config.diet.yml").write_text("diet")
    assert builds.model("config.diet.yml") != builds.model()


@pytest.fixture
def web(project):
    web = project / "web"
    (web / "src").mkdir(parents=True)
    (web / "src" / "main.jsx").write_text("page")
    (web / "package.json").write_text(json.dumps({"engines": {"node": ">=18"}}))
    return web


@pytest.fixture
def npm(web, monkeypatch):
    """Stands in for npm."""
    calls = []

    def call(command, failure, **_):
        calls.append(command[1])
        (web / "dist").mkdir(exist_ok=True)

    monkeypatch.setattr(builds, "call", call)
    monkeypatch.setattr(builds, "node_folder", lambda _: web)
    return calls


def test_the_page_is_built_once_for_the_same_sources(web, npm):
    builds.page()
    builds.page()
    assert npm == ["ci", "run"]


def test_the_page_is_built_again_when_a_source_changed(web, npm):
    builds.page()
    (web / "src" / "main.jsx").write_text("changed")
    builds.page()
    assert npm == ["ci", "run"] * 2


def test_npm_of_the_machine_is_used_when_it_is_recent_enough(web, monkeypatch):
    monkeypatch.setattr(builds.shutil, "which", lambda name: f"/somewhere/{name}")
    monkeypatch.setattr(builds, "_major", lambda _: 18)
    assert str(builds.node_folder(web)) == "/somewhere"


def test_an_old_node_is_replaced_by_one_of_our_own(web, monkeypatch, project):
    calls = []
    monkeypatch.setattr(builds.shutil, "which", lambda name: f"/somewhere/{name}")
    monkeypatch.setattr(builds, "_major", lambda _: 16)
    monkeypatch.setattr(builds, "call", lambda command, failure: calls.append(command))
    assert builds.node_folder(web) == project / ".tools" / "node" / "bin"
    assert builds.NODE_WHEEL in calls[-1]
