"""Which language becomes which: flags, names, and a question."""

import pytest
import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.texts import direction, load
from kerasnotes.tasks import translate


def written(folder, *languages):
    folder.mkdir(parents=True)
    for language in languages:
        for side in ("train", "dev", "test"):
            text = "".join(f"{language} {side} {i}\n" for i in range(20))
            (folder / f"{side}.{language}").write_text(text)
    return str(folder)


def first_pair(found):
    return found.sources[0], found.targets[0]


@pytest.mark.parametrize("name", ["data", "ende", "men-de", "en-de and de-en"])
def test_a_folder_that_does_not_say_is_asked_about(tmp_path, name):
    folder = written(tmp_path / name, "en", "de")
    with pytest.raises(errors.UserError) as caught:
        load.load(folder)
    message = str(caught.value)
    assert folder in message and "\n" not in message
    assert "--source=de --target=en, or --source=en --target=de" in message


@pytest.mark.parametrize(
    "name", ["en-de", "wmt14_en_de", "EN2DE", "ted.en_to_de", "en→de"]
)
def test_a_folder_whose_name_says(tmp_path, name):
    found = load.load(written(tmp_path / name, "en", "de"))
    assert found.languages == ("en", "de")
    assert first_pair(found) == ("en train 0", "de train 0")


@pytest.mark.parametrize(
    "flags",
    [
        {"source": "en", "target": "de"},
        {"source": "en"},
        {"target": "de"},
    ],
)
def test_flags_choose(tmp_path, flags):
    found = load.load(written(tmp_path / "de-en", "en", "de"), **flags)
    assert found.languages == ("en", "de")
    dev = found.official["dev"][0]
    assert (found.sources[dev], found.targets[dev]) == ("en dev 0", "de dev 0")


def test_flags_choose_two_of_three(tmp_path):
    folder = written(tmp_path / "many", "de", "en", "fr")
    with pytest.raises(errors.UserError, match="--source=xx --target=yy"):
        load.load(folder)
    found = load.load(folder, source="fr", target="de")
    assert first_pair(found) == ("fr train 0", "de train 0")


def test_names_of_files_say(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "train.en-de.en").write_text("a\n")
    (folder / "train.en-de.de").write_text("A\n")
    found = load.load(str(folder))
    assert found.languages == ("en", "de") and first_pair(found) == ("a", "A")


def test_languages_that_are_not_there(tmp_path):
    folder = written(tmp_path / "en-de", "en", "de")
    with pytest.raises(errors.UserError, match="--source: unknown 'eng'"):
        load.load(folder, source="eng")
    with pytest.raises(errors.UserError, match="name two languages"):
        load.load(folder, source="en", target="en")


def test_sets_of_tensorflow_datasets_are_turned(tmp_path):
    name = "ted_hrlr_translate/pt_to_en"
    with tfds.testing.mock_data(num_examples=9):
        straight = load.load(name, str(tmp_path))
        turned = load.load(name, str(tmp_path), source="en")
        with pytest.raises(errors.UserError, match="--target: unknown 'de'"):
            load.load(name, str(tmp_path), target="de")
    assert straight.languages == ("pt", "en")
    assert turned.languages == ("en", "pt")
    assert turned.sources == straight.targets


def test_the_direction_is_said_and_kept(tmp_path, capsys):
    folder = written(tmp_path / "de-en", "en", "de")
    task = translate.Translate(
        translate.Config(
            dataset=folder, source="en", target="de", vocabulary="characters"
        )
    )
    facts = task.data().facts
    first, pair = capsys.readouterr().out.splitlines()[:2]
    assert pair == '  train.en:1: "en train 0" is to become "de train 0"'
    assert first == "de-en from en to de: 60 pairs, two of them:"
    assert facts["languages"] == ["en", "de"]
    assert task.subject(facts) == "de-en from en to de"


def test_two_files_and_a_flag_that_turns_them(tmp_path):
    folder = written(tmp_path / "data", "en", "de")
    files = f"{folder}/train.de,{folder}/train.en"
    assert load.load(files).languages == ("de", "en")
    task = translate.Translate(translate.Config(dataset=files, source="en"))
    with pytest.raises(errors.UserError, match="go from de to en; give two"):
        task.data()


def test_a_flag_where_no_language_is_named(tmp_path):
    path = tmp_path / "fra.txt"
    path.write_text("a\tA\n")
    task = translate.Translate(translate.Config(dataset=str(path), source="fr"))
    with pytest.raises(errors.UserError, match="--source=fr: .* first column"):
        task.data()
    direction.check(None, "fr", None, evaluating=True)
    direction.check(("deu", "eng"), "de", "en", evaluating=True)
