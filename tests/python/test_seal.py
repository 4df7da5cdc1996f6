"""The machine's seal, checked by the program, by openssl alone, and against those who can write the store."""

import hashlib
import json
import re
import sqlite3
import stat
import subprocess

import pytest

from rigtools import ROOT, journal, meterrig

RUN = ("run", "cjt503-auto", "--only", "5.3.8")


@pytest.fixture(scope="module", params=["Ed25519", "SM2"])
def sealed(request, tmp_path_factory):
    """A run that a key of each kind has sealed: the folder, and the text of its QR code."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "SM2":
        assert meterrig("results", "key", "--new", "sm2", cwd=folder).returncode == 0
    assert meterrig(*RUN, cwd=folder).returncode == 0
    (folder / "laboratory.pem").write_text(meterrig("results", "key", cwd=folder).stdout)
    said = meterrig("results", "seal", cwd=folder)
    assert f"({request.param})" in said.stderr and said.stderr.endswith(", valid\n")
    return folder, said.stdout.rstrip("\n")


def verify(folder, *words):
    return meterrig("results", "verify", *words, cwd=folder)


def test_a_run_is_sealed_at_its_end(sealed):
    folder, text = sealed
    key = folder / "meterrig-data" / "seal-key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not [one for one in (folder / "meterrig-data").iterdir() if re.search(r"seal-key\.pem\.\d+", one.name)]
    run = text.split(":")[2]
    events = journal(folder / "meterrig-data", run)
    assert text.split(":")[3] == str(len(events))
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], capture_output=True, check=True)
    assert text.split(":")[6] == hashlib.sha256(der.stdout).hexdigest()[:16]
    for words in ((), ("--key", "laboratory.pem"), ("--seal", text), ("--seal", text, "--key", "laboratory.pem")):
        said = verify(folder, *words)
        assert said.returncode == 0 and ", valid" in said.stdout, said.stderr


def test_openssl_alone_checks_it(sealed, tmp_path):
    """With the very lines of the guide."""
    folder, text = sealed
    script = re.search(r"```sh\n(.*?)```", (ROOT / "docs" / "approval.md").read_text(), re.DOTALL)[1]
    (tmp_path / "laboratory.pem").write_text((folder / "laboratory.pem").read_text())

    def checked(seal):
        (tmp_path / "seal.txt").write_text(seal + "\n")
        return subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)

    good = checked(text)
    assert good.returncode == 0 and ("Verified OK" in good.stdout or "Verified Successfully" in good.stdout), good
    parts = text.split(":")
    parts[3] = str(int(parts[3]) - 1)
    assert checked(":".join(parts)).returncode != 0


def rewritten(folder, into, sql=()):
    """The store in another folder, its run changed and its chain right again."""
    into.mkdir()
    store = sqlite3.connect(into / "meterrig.sqlite")
    source = sqlite3.connect(folder / "meterrig-data" / "meterrig.sqlite")
    source.backup(store)
    source.close()
    with store:
        for one in sql:
            store.execute(one)
        run, = store.execute("SELECT run FROM runs").fetchone()
        chain = hashlib.sha256(b"meterrig-journal-1\n" + run.encode()).digest()
        rows = store.execute("SELECT seq, bytes FROM events ORDER BY seq").fetchall()
        for seq, text in rows:
            chain = hashlib.sha256(chain + text.encode()).digest()
            store.execute("UPDATE events SET hash = ? WHERE seq = ?", (chain, seq))
        store.execute("UPDATE runs SET head_seq = ?, head_hash = ?", (len(rows), chain))
    store.close()


VALUE = "UPDATE events SET bytes = replace(bytes, '\"kind\":\"measured\"', '\"kind\":\"counted\"')"
TAIL = "DELETE FROM events WHERE seq > 10"


def test_a_rewritten_run_is_found(sealed, tmp_path):
    folder, text = sealed
    for name, sql, word in (("value", VALUE, "changed"), ("tail", TAIL, "missing")):
        rewritten(folder, tmp_path / name, [sql])
        said = verify(tmp_path, "--data", name)
        assert said.returncode == 3 and f"is {word}" in said.stderr, said
        unsealed = tmp_path / f"{name}-unsealed"
        rewritten(folder, unsealed, [sql, "DELETE FROM seals"])
        said = verify(tmp_path, "--data", unsealed)
        assert said.returncode == 0 and "not sealed" in said.stdout
        assert "the seal is missing" in verify(tmp_path, "--data", unsealed, "--key", folder / "laboratory.pem").stderr
        said = verify(tmp_path, "--data", unsealed, "--key", folder / "laboratory.pem", "--seal", text)
        assert said.returncode == 3, said
    # Anew with a key of one's own: only who knows the right one can tell.
    end = "UPDATE events SET bytes = replace(bytes, '\"verdict\":\"pass\"', '\"verdict\":\"fail\"') WHERE seq > 10"
    rewritten(folder, tmp_path / "anew", ["DELETE FROM seals", end])
    assert meterrig("results", "seal", "--data", "anew", cwd=tmp_path).returncode == 0
    assert verify(tmp_path, "--data", "anew").returncode == 0
    said = verify(tmp_path, "--data", "anew", "--key", folder / "laboratory.pem")
    assert said.returncode == 3 and "the seal is changed: it was made with key" in said.stderr


def test_a_new_key_leaves_old_seals_valid(cli, tmp_path):
    assert cli(*RUN).returncode == 0
    old = cli("results", "key").stdout
    new = cli("results", "key", "--new", "sm2").stdout
    assert old != new
    assert cli(*RUN, "--seed", "7").returncode == 0
    runs = [run["run"] for run in json.loads(cli("results", "list", "--json").stdout)]
    said = [cli("results", "verify", run).stdout for run in runs]
    assert "(Ed25519)" in said[0] and "(SM2)" in said[1] and all(", valid" in one for one in said)
    assert len(list((tmp_path / "meterrig-data").glob("seal-key-*.pub.pem"))) == 2


def test_a_refusal_is_sealed_and_the_same_simulation_twice_has_one_seal(cli, tmp_path):
    refused = cli("run", "cjt503-auto", "--dut", "wg25-r-1", "--dut", "wg25-r-1")
    assert refused.returncode == 2
    assert ", valid" in cli("results", "verify").stdout
    assert cli(*RUN).returncode == 0 == cli(*RUN).returncode
    store = sqlite3.connect(tmp_path / "meterrig-data" / "meterrig.sqlite")
    assert store.execute("SELECT count(*) FROM seals").fetchone() == (2,)
    store.close()


@pytest.mark.parametrize("words, said", [(("--seal", "x"), "expected the text of a report's QR code"),
                                         (("--key", "none.pem"), "can't read none.pem"),
                                         (("--key", "record.json"), "expected a public key")])
def test_wrong_words(good_run, words, said):
    ended = meterrig("results", "verify", *words, cwd=good_run.folder)
    assert ended.returncode == 2 and said in ended.stderr and ended.stderr.count("\n") == 1


def test_another_file_in_the_place_of_the_key(cli, tmp_path):
    data = tmp_path / "meterrig-data"
    data.mkdir()
    rsa = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                         capture_output=True, check=True)
    (data / "seal-key.pem").write_bytes(rsa.stdout)
    (data / "seal-key.pem").chmod(0o600)
    ended = cli(*RUN)
    assert ended.returncode == 0 and "expected a private key, Ed25519 or SM2" in ended.stderr
    own = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True)
    (data / "seal-key.pem").write_bytes(own.stdout)
    assert cli("results", "seal").returncode == 0
