"""The commands that talk to a hub, when the hub, the network or the person does what it should not."""

import base64
import hashlib
import json
import os
import signal
import stat
import subprocess

import pytest
from scripted_hub import DROP, KEY, ScriptedHub

ABOUT = {"principal": "owner", "rights": ["ServiceConnect"], "version": "0.1.0"}


@pytest.fixture
def hub(tmp_path):
    (tmp_path / "hub").mkdir()
    hub = ScriptedHub(tmp_path / "hub")
    yield hub
    hub.close()


@pytest.fixture
def run(hub, tmp_path):
    """Runs `ounce` against the scripted hub, with a home of its own."""
    def command(*arguments, status=0, environment=None, text=None):
        around = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"),
                  **(hub.environment if environment is None else environment)}
        done = subprocess.run([os.environ["OUNCE_PROGRAM"], *map(str, arguments)], env=around, input=text,
                              capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == status, f"{done.returncode}, not {status}: {done.stdout}{done.stderr}"
        assert KEY not in done.stdout + done.stderr
        return done
    return command


def message(sequence, body="{}"):
    return {"partition": 0, "sequence": sequence, "enqueuedTime": "2026-11-23T08:30:00.000000Z",
            "deviceId": "cam-1", "properties": {}, "systemProperties": {}, "body": body}


class TestLogin:
    def test_a_right_key_is_kept_where_only_its_owner_reads(self, hub, run, tmp_path):
        hub.answers["GET /ounce/v1/about"] = [ABOUT]
        run("login", "--ca", hub.ca, environment={}, text=hub.connection_string + "\n")
        book = tmp_path / "home/.config/ounce/profiles.toml"
        assert stat.S_IMODE(book.stat().st_mode) == 0o600
        hub.ca.rename(tmp_path / "moved.pem")  # a copy was kept
        hub.answers["GET /devices"] = [[{"deviceId": "cam-1", "status": "enabled"}]]
        listed = json.loads(run("device", "list", "--json", environment={}).stdout)
        assert [device["deviceId"] for device in listed["devices"]] == ["cam-1"]
        assert json.loads(run("profile", "list", "--json", environment={}).stdout)["profiles"][0]["default"]

    def test_a_hub_that_is_just_starting_is_waited_for(self, hub, run):
        hub.answers["GET /ounce/v1/about"] = [DROP, ABOUT]
        run("login", "--ca", hub.ca, environment={}, text=hub.connection_string + "\n")

    def test_a_wrong_key_is_told_and_not_kept(self, hub, run, tmp_path):
        wrong = hub.connection_string.replace(KEY, base64.b64encode(b"another key").decode())
        done = run("login", "--ca", hub.ca, status=12, environment={}, text=wrong)
        assert "not signed by this key" in done.stderr
        assert not (tmp_path / "home/.config/ounce").exists()

    def test_a_server_that_is_no_hub_is_told(self, hub, run):
        done = run("login", "--ca", hub.ca, status=5, environment={}, text=hub.connection_string)
        assert "not an Ounce hub" in done.stderr

    def test_without_the_ca_the_certificate_is_refused(self, hub, run):
        done = run("login", status=8, environment={}, text=hub.connection_string)
        assert "CA file" in done.stderr
        assert not hub.requests

    def test_without_a_hub_the_way_to_one_is_told(self, run):
        assert "ounce login" in run("device", "list", status=4, environment={}).stderr


class TestErrors:
    def test_the_hubs_words_reach_the_person_and_the_program(self, hub, run):
        hub.answers["GET /devices/cam-9"] = [(404, {"Message": "ErrorCode:DeviceNotFound;no device 'cam-9'"})]
        done = run("device", "show", "cam-9", "--json", status=4)
        assert json.loads(done.stdout) == {"error": {"code": "not-found", "message": "no device 'cam-9'"}}

    def test_what_may_be_asked_again_is(self, hub, run):
        hub.answers["GET /twins/cam-1"] = [DROP, (503, {"message": "overloaded"}), {"deviceId": "cam-1"}]
        assert "cam-1" in run("twin", "show", "cam-1").stdout
        assert len(hub.calls("GET /twins/cam-1")) >= 3

    def test_what_may_not_be_asked_twice_is_not(self, hub, run):
        hub.answers["POST /twins/cam-1/methods"] = [(503, {"message": "overloaded"})]
        run("method", "call", "cam-1", "reboot", status=10)
        assert len(hub.calls("POST /twins/cam-1/methods")) == 1

    def test_an_answer_that_is_no_json_is_an_error(self, hub, run):
        hub.answers["GET /twins/cam-1"] = [b"<html>login here</html>"]
        assert "not JSON" in run("twin", "show", "cam-1", status=6).stderr


    @pytest.mark.parametrize("words, unknown, meant", [
        (["devcie", "list"], "devcie", "device"), (["device", "shwo", "cam-1"], "shwo", "show"),
        (["vision", "tag", "creat", "cats", "goat"], "creat", "create")])
    def test_an_unknown_command_is_named(self, hub, run, words, unknown, meant):
        done = run(*words, status=2)
        assert f"there is no '{unknown}'; did you mean '{meant}'?" in done.stderr
        error = json.loads(run(*words, "--json", status=2).stdout)["error"]
        assert error["code"] == "invalid-argument" and f"'{unknown}'" in error["message"]
        assert not hub.requests

    @pytest.mark.parametrize("words", [[], ["device"], ["vision", "tag"], ["device", "--quiet"]])
    def test_no_command_at_all_is_no_unknown_one(self, run, words):
        assert "A subcommand is required" in run(*words, status=2).stderr

    @pytest.mark.parametrize("name", ["", ".", ".."])
    @pytest.mark.parametrize("words", [
        ["device", "show"], ["device", "create"], ["device", "delete"], ["twin", "show"], ["model", "show"]])
    def test_a_name_that_an_address_cannot_hold_is_not_sent(self, hub, run, words, name):
        assert f"'{name}' is no name" in run(*words, name, status=2).stderr
        assert not hub.requests


class TestMonitor:
    @pytest.mark.parametrize("count", ["-1", "0", "99999999999999999999", "many"])
    def test_a_count_that_is_none_is_refused(self, hub, run, count):
        assert "--count" in run("monitor", "--count", count, status=2).stderr
        assert not hub.requests

    def test_a_lost_connection_loses_and_repeats_nothing(self, hub, run):
        hub.answers["GET /ounce/v1/telemetry"] = [
            {"messages": [message(1), message(2)], "cursor": "c2"}, DROP, (503, {"message": "starting"}),
            {"messages": [], "cursor": "c2"}, {"messages": [message(3)], "cursor": "c3"}]
        done = run("monitor", "--from", "earliest", "--count", 3, "--json")
        assert [json.loads(line)["sequence"] for line in done.stdout.splitlines()] == [1, 2, 3]
        asked = [call["query"] for call in hub.calls("GET /ounce/v1/telemetry")]
        assert asked[0]["from"] == "earliest" and "after" not in asked[0]
        assert all(query["after"] == "c2" for query in asked[1:])

    def test_a_connection_lost_before_the_first_message_loses_nothing(self, hub, run):
        """Where it began is known before it waits, so that what came meanwhile is not taken for old."""
        def first_page(request):
            return {"messages": [], "cursor": "c0"} if request["query"]["wait"] == "0" else DROP
        hub.answers["GET /ounce/v1/telemetry"] = [
            first_page, DROP, {"messages": [message(1)], "cursor": "c1"}]
        done = run("monitor", "--count", 1, "--json")
        assert [json.loads(line)["sequence"] for line in done.stdout.splitlines()] == [1]
        asked = [call["query"] for call in hub.calls("GET /ounce/v1/telemetry")]
        assert asked[0]["from"] == "latest"
        assert all(query["after"] == "c0" and int(query["wait"]) > 0 for query in asked[1:])

    def test_ctrl_c_is_a_good_end(self, hub, tmp_path):
        hub.answers["GET /ounce/v1/telemetry"] = [
            {"messages": [message(1, "first")], "cursor": "c1"}, {"messages": [], "cursor": "c1"}]
        monitor = subprocess.Popen([os.environ["OUNCE_PROGRAM"], "monitor"], stdout=subprocess.PIPE, text=True,
                                   env={"HOME": str(tmp_path), **hub.environment})
        assert "first" in monitor.stdout.readline()
        monitor.send_signal(signal.SIGINT)
        assert monitor.wait(10) == 0
        monitor.stdout.close()


class TestUpload:
    PROJECT = "/customvision/v3.4-preview/training/projects"

    @pytest.fixture
    def pictures(self, hub, tmp_path):
        for name in ("goat/1.jpg", "goat/2.jpg", "leopard/3.jpg"):
            (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "photos" / name).write_bytes(b"\xff\xd8\xff" + name.encode() * 100)
        hub.answers[f"GET {self.PROJECT}"] = [[{"id": "p1", "name": "cats"}]]
        hub.answers[f"GET {self.PROJECT}/p1/tags"] = [[{"id": "t1", "name": "goat"}]]
        hub.answers[f"POST {self.PROJECT}/p1/tags"] = [{"id": "t2", "name": "leopard"}]
        return tmp_path / "photos"

    def test_each_picture_goes_once_with_its_tag(self, hub, run, pictures):
        hub.answers[f"POST {self.PROJECT}/p1/images"] = [
            DROP, {"images": [{"status": "OKDuplicate"}]}, {"images": [{"status": "OK"}]}]
        done = run("vision", "upload", "cats", pictures, "--connections", 1, "--json")
        counts = json.loads(done.stdout)
        assert (counts["added"], counts["alreadyThere"], counts["failed"]) == (2, 1, [])
        assert [call["query"]["name"] for call in hub.calls(f"POST {self.PROJECT}/p1/tags")] == ["leopard"]
        sent = hub.calls(f"POST {self.PROJECT}/p1/images")
        assert [call["query"]["tagIds"] for call in sent[-3:]] == ["t1", "t1", "t2"]
        assert b"leopard/3.jpg" * 100 in sent[-1]["body"]

    def test_a_refused_picture_is_named_and_the_others_go_on(self, hub, run, pictures):
        hub.answers[f"POST {self.PROJECT}/p1/images"] = [
            (207, {"images": [{"status": "ErrorImageFormat"}]}), {"images": [{"status": "OK"}]}]
        done = run("vision", "upload", "cats", pictures, "--connections", 1, "--json", status=3)
        counts = json.loads(done.stdout)
        assert counts["added"] == 2
        assert [problem["why"] for problem in counts["failed"]] == ["ErrorImageFormat"]

    def test_a_refusal_is_told_in_words(self, hub, run, pictures):
        hub.answers[f"POST {self.PROJECT}/p1/images"] = [
            (207, {"images": [{"status": status}]})
            for status in ("ErrorTagLimitExceed", "ErrorImageFormat", "ErrorOfTomorrow")]
        told = run("vision", "upload", "cats", pictures, "--connections", 1, status=3).stdout
        assert "more tags than a picture may have" in told and "no picture of a kind that can be read" in told
        assert "ErrorTagLimitExceed" not in told and "ErrorImageFormat" not in told
        assert "ErrorOfTomorrow" in told  # a word that is not known here is better than none

    def test_what_is_no_picture_makes_no_tag(self, hub, run, pictures, tmp_path):
        (tmp_path / "notes.txt").write_text("not a picture")
        done = run("vision", "upload", "cats", tmp_path / "notes.txt", tmp_path / "nowhere.jpg", "--tag", "leopard",
                   "--json", status=3)
        failed = json.loads(done.stdout)["failed"]
        assert failed[0]["why"] == "ErrorImageFormat"
        assert "nowhere.jpg" in failed[1]["path"]
        assert not hub.calls(f"POST {self.PROJECT}/p1/tags") and not hub.calls(f"POST {self.PROJECT}/p1/images")

    def test_a_tag_that_another_upload_made_meanwhile_is_taken(self, hub, run, pictures):
        goat = {"id": "t1", "name": "goat"}
        hub.answers[f"GET {self.PROJECT}/p1/tags"] = [[goat], [goat, {"id": "t9", "name": "leopard"}]]
        hub.answers[f"POST {self.PROJECT}/p1/tags"] = [
            (400, {"code": "BadRequestTagNameNotUnique", "message": "there is a tag 'leopard'"})]
        hub.answers[f"POST {self.PROJECT}/p1/images"] = [{"images": [{"status": "OK"}]}]
        run("vision", "upload", "cats", pictures, "--connections", 1)
        sent = hub.calls(f"POST {self.PROJECT}/p1/images")
        assert [call["query"]["tagIds"] for call in sent] == ["t1", "t1", "t9"]

    def test_who_shares_a_name_is_told_by_id(self, hub, run):
        hub.answers[f"GET {self.PROJECT}"] = [[
            {"id": "p1", "name": "cats"}, {"id": "p2", "name": "dogs"}, {"id": "p3", "name": "cats"}]]
        hub.answers[f"GET {self.PROJECT}/p3/tags"] = [[]]
        assert "give the id, one of 'p1', 'p3'" in run("vision", "tag", "list", "cats", status=2).stderr
        run("vision", "tag", "list", "p3")

    def test_a_path_that_is_not_there_is_not_found(self, run, tmp_path):
        assert "no such file or folder" in run("vision", "upload", "cats", tmp_path / "nope", status=4).stderr

    def test_a_stopped_upload_tells_what_is_left(self, hub, pictures, tmp_path):
        began = []

        def first_then_stop(_):
            began.append(1)
            upload.send_signal(signal.SIGINT)
            return DROP

        hub.answers[f"POST {self.PROJECT}/p1/images"] = [first_then_stop]
        upload = subprocess.Popen(
            [os.environ["OUNCE_PROGRAM"], "vision", "upload", "cats", pictures, "--connections", "1"],
            env={"HOME": str(tmp_path), **hub.environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        _, errors = upload.communicate(timeout=30)
        assert upload.returncode == 130
        assert began and "3 of 3 pictures left; run it again" in errors


class TestTraining:
    PROJECT = "/customvision/v3.4-preview/training/projects"
    OLD = {"id": "i1", "name": "Iteration 1", "status": "Completed", "trainedAt": "2026-11-23T08:30:00Z"}
    RUNNING = {"id": "i2", "name": "Iteration 2", "status": "Training"}
    DONE = {**RUNNING, "status": "Completed", "trainedAt": "2026-11-24T08:30:00Z"}

    @pytest.fixture
    def busy(self, hub):
        hub.answers[f"GET {self.PROJECT}"] = [[{"id": "p1", "name": "cats"}]]
        hub.answers[f"POST {self.PROJECT}/p1/train"] = [
            (400, {"code": "BadRequestTrainingAlreadyInProgress", "message": "being trained already"})]
        hub.answers[f"GET {self.PROJECT}/p1/iterations"] = [[self.OLD, self.RUNNING]]
        hub.answers[f"GET {self.PROJECT}/p1/iterations/i2"] = [self.RUNNING, self.DONE]

    @pytest.mark.parametrize("status", ["Training", "Queued"])
    def test_a_training_that_runs_is_joined(self, hub, run, busy, status):
        hub.answers[f"GET {self.PROJECT}/p1/iterations"] = [[self.OLD, {**self.RUNNING, "status": status}]]
        done = run("vision", "train", "cats", "--json")
        assert json.loads(done.stdout) == self.DONE
        assert "Iteration 2 is being trained already" in done.stderr

    def test_who_does_not_wait_is_told_of_the_training_that_runs(self, hub, run, busy):
        assert "Iteration 2: is being trained already" in run("vision", "train", "cats", "--no-wait").stdout
        assert not hub.calls(f"GET {self.PROJECT}/p1/iterations/i2")

    def test_a_training_that_ended_meanwhile_is_not_waited_for(self, hub, run, busy):
        hub.answers[f"GET {self.PROJECT}/p1/iterations"] = [[self.OLD]]
        hub.answers[f"POST {self.PROJECT}/p1/train"].append(self.DONE)
        assert json.loads(run("vision", "train", "cats", "--json").stdout) == self.DONE

    def test_a_hub_that_contradicts_itself_is_not_asked_for_ever(self, hub, run, busy):
        hub.answers[f"GET {self.PROJECT}/p1/iterations"] = [[self.OLD]]
        assert "being trained already" in run("vision", "train", "cats", status=2).stderr

    def test_nothing_new_to_learn_is_no_mistake(self, hub, run, busy):
        hub.answers[f"POST {self.PROJECT}/p1/train"] = [
            (400, {"code": "BadRequestTrainingNotNeeded", "message": "Nothing changed since last training"})]
        hub.answers[f"GET {self.PROJECT}/p1/iterations"] = [[self.OLD]]
        told = run("vision", "train", "cats").stdout
        assert "Iteration 1: is trained already" in told and "--force" in told
        assert json.loads(run("vision", "train", "cats", "--json").stdout) == self.OLD


class TestModels:
    @staticmethod
    def model(name, content):
        return {"name": "leopard", "version": 3, "size": len(content), "files": [
            {"path": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}]}

    def test_a_file_that_arrives_damaged_is_not_kept(self, hub, run, tmp_path):
        hub.answers["GET /ounce/v1/models/leopard/versions/3"] = [self.model("model.onnx", b"good")]
        hub.answers["GET /ounce/v1/models/leopard/versions/3/files/model.onnx"] = [b"bad!", b"good"]
        out = tmp_path / "out"
        assert "damaged" in run("model", "download", "leopard:3", "--out", out, status=6).stderr
        assert list(out.iterdir()) == []
        run("model", "download", "leopard:3", "--out", out)
        assert (out / "model.onnx").read_bytes() == b"good"
        asked = len(hub.requests)
        run("model", "download", "leopard:3", "--out", out)  # it is there and right: only the list is asked
        assert len(hub.requests) == asked + 1

    def test_a_name_that_would_leave_the_folder_is_refused(self, hub, run, tmp_path):
        hub.answers["GET /ounce/v1/models/leopard/versions/latest"] = [self.model("../../evil", b"x")]
        assert "not written" in run("model", "download", "leopard", "--out", tmp_path / "out", status=2).stderr
        assert not (tmp_path / "out").exists()
        assert not (tmp_path.parent / "evil").exists()
