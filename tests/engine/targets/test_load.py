"""The catalogue's form: what is refused, what is inherited, where each number comes from."""

from __future__ import annotations

import pytest

from engine.errors import EngineError
from engine.targets import load_file, target, targets
from engine.targets.load import CATALOGUE, ORDER
from tests.engine.cost.hand_made import TOY, toy


def refused(tmp_path, old, new):
    assert old in TOY
    with pytest.raises(EngineError) as caught:
        toy(tmp_path, TOY.replace(old, new, 1))
    assert caught.value.sentence.startswith("toy.toml")
    return caught.value.sentence


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('assumption = "toy"', 'grade = "A"', "source"),
        (', assumption = "toy"', "", "no grade"),
        ('unit = "1/s"', 'unit = "Hz"', "another unit"),
        ("{ value = 10, unit = \"1/s\", assumption = \"toy\" }", "10", "not a figure"),
        ("value = 10,", "value = -1,", "zero or more"),
        ("value = 10,", "value = nan,", "zero or more"),
        ("value = 10,", 'value = 10, note = "x",', "unknown key"),
        ('assumption = "toy"', 'assumption = "a", source = "b"', "comes from"),
        ('kind = "npu"', 'kind = "toaster"', "unknown word"),
        ('kind = "npu"', 'kind = "npu"\nspeed = "fast"', "unknown key"),
        ("[units.npu.limits]", "[units.npu.limits]\ncolour = {}", "unknown rule"),
        ("static_shape = {}", "static_shape = { low = 1 }", "other limits"),
        ("rank = { low = 1, high = 4 }", "rank = { low = 1 }", "other limits"),
        ('weights = { int4 = "run" }', 'weights = { int5 = "run" }', "unknown format"),
        ('weights = { int8 = "load", int4 = "load" }', 'kernels = ["conv"]', "fallback"),
        ('weights = "home"', 'weights = ""', "no memory for its weights"),
        ('computes_as = { fp16 = "fp32" }', 'computes_as = { fp16 = "bf16" }', "without a rate"),
        ("[units.npu]", "[units.npu", "not TOML"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_key(tmp_path, old, new, says):
    assert says in refused(tmp_path, old, new)


def test_a_missing_energy_is_refused(tmp_path):
    rate = 'fp16 = { value = 9, unit = "MAC/s", assumption = "toy" }'
    text = TOY.replace("[units.npu.rates]", f"[units.npu.rates]\n{rate}")
    with pytest.raises(EngineError, match=r"mac_energy\.fp16"):
        toy(tmp_path, text)


def test_an_heir_changes_only_what_it_says(tmp_path):
    toy(tmp_path)
    heir = tmp_path / "heir.toml"
    heir.write_text('inherit = "toy"\n[units.npu.rates]\nint8 = { value = 5, unit = "MAC/s", '
                    'grade = "A", source = "data sheet" }\n', "utf-8")  # fmt: skip
    made = load_file(heir)
    assert made.id == "heir"
    assert made.units[0].rates["int8"].value == 5
    assert made.units[0].rates["int8"].source == "data sheet"
    assert made.units[0].tile["rows"].value == 4


def test_an_heir_may_add_a_unit_in_front(tmp_path):
    made = target("edge-tpu")
    assert [unit.id for unit in made.units] == ["tpu", "cpu"]
    assert made.fallback == target("raspberry-pi-5").units[0]


def test_inheritance_in_a_circle_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text('inherit = "b"', "utf-8")
    (tmp_path / "b.toml").write_text('inherit = "a"', "utf-8")
    with pytest.raises(EngineError, match=r"a\.toml → b\.toml → a\.toml"):
        load_file(tmp_path / "a.toml")


def test_an_unknown_target_lists_the_known_ones():
    with pytest.raises(EngineError, match=r"one of stm32h7, ethos-u55-256"):
        target("abacus")


def test_every_file_of_the_catalogue_is_listed():
    files = {p.stem for p in CATALOGUE.glob("*.toml") if not p.stem.startswith("_")}
    assert files == set(ORDER)
    assert len({t.id for t in targets()}) == len(targets()) >= 8


@pytest.mark.parametrize("made", targets(), ids=lambda t: t.id)
def test_every_number_says_where_it_comes_from(made):
    figures = list(made.figures())
    assert len(figures) > 20
    for place, figure in figures:
        assert figure.source, place
        assert figure.grade in ("A", "A*", "B", "B-", "C", "M", "D"), place
    assert made.label
    assert made.summary
    assert made.summary != "abstract"


@pytest.mark.parametrize("made", targets(), ids=lambda t: t.id)
def test_full_speed_stays_below_the_power_that_the_vendor_allows(made):
    """Ceilings of TARGETS section 11: dynamic + static at the peak of each format <= TDP."""
    unit = made.units[0]
    for fmt, rate in unit.rates.items():
        watts = rate.value * unit.mac_energy[fmt].value
        assert watts > 0
        if made.tdp:
            assert watts + made.static.value <= made.tdp.value, fmt


@pytest.mark.parametrize(
    ("name", "fmt", "ceiling"),
    [("edge-tpu", "int8", 1.0e-12), ("jetson-orin-nano-25w", "int8", 1.66e-12),
     ("jetson-orin-nano-25w", "fp16", 3.3e-12), ("h200", "int8", 0.71e-12),
     ("h200", "fp16", 1.41e-12)],
)  # fmt: skip
def test_all_in_energy_of_a_mac_stays_between_a_tenth_and_the_whole_ceiling(name, fmt, ceiling):
    made = target(name)
    unit = made.units[0]
    all_in = unit.mac_energy[fmt].value + made.static.value / unit.rates[fmt].value
    assert 0.1 * ceiling <= all_in <= ceiling


def test_power_modes_change_clock_and_memory():
    slow, mid, fast = (target(f"jetson-orin-nano-{mode}") for mode in ("15w", "25w", "maxn"))
    rates = [t.units[0].rates["int8"].value for t in (slow, mid, fast)]
    assert rates == [10e12, 15.04e12, 16.7e12]
    assert [t.memories[-1].bandwidth.value for t in (slow, mid, fast)] == [68e9, 102e9, 102e9]
