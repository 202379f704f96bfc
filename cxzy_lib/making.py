"""The commands that make raw files: ``cxzy sample`` (synthetic, with their truth), ``cxzy forms`` (blank)."""

from pathlib import Path

import click

from cxzy_lib.call import FOLDER, HELP, LANG, Wrong
from cxzy_lib.texts import text


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--seed", default=2010, show_default=True, help="随机种子 / the same seed, the same files")
@click.option("--members", default=110, show_default=True, type=click.IntRange(30), help="党员人数 / members")
@click.option(
    "--institutions", default=1, show_default=True, type=click.IntRange(1), help="单位数 / how many"
)
@click.option(
    "--mess", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="杂乱程度 / 0 clean … 1 all"
)
@click.option("--bureau", is_flag=True, help="另生成教育局汇总表 / a bureau's roll-up of them, too")
@click.option("--lang", **LANG)
@HELP
def sample(
    folder: Path, seed: int, members: int, institutions: int, mess: float, bureau: bool, lang: str
) -> None:
    """生成合成样例 / Write synthetic raw files and their truth."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise Wrong(text("cli.sample_not_empty", lang, folder=folder))
    from cxzy_lib.sample import make_sample, write_truth

    raw = folder / "raw"
    truth = make_sample(raw, seed=seed, members=members, institutions=institutions, mess=mess, bureau=bureau)
    write_truth(truth, folder / "truth")
    files = sum(path.is_file() for path in raw.rglob("*"))
    click.echo(text("cli.sample_done", lang, folder=folder, institutions=len(truth), files=files))


@click.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--campaign",
    type=FOLDER,
    default="campaign",
    show_default=True,
    help="方案文件夹 / the campaign's folder",
)
@click.option(
    "--processed",
    type=FOLDER,
    default="data/processed",
    show_default=True,
    help="取单位名称 / gives the names of units",
)
@click.option("--lang", **LANG)
@HELP
def forms(folder: Path, campaign: Path, processed: Path, lang: str) -> None:
    """生成空白表格，供下一轮填写 / Write blank workbooks for the next round."""
    from cxzy_lib.campaign import CampaignError, load_campaign
    from cxzy_lib.intake.forms import make_forms

    units = None
    if (processed / "units.parquet").is_file():
        import pandas as pd

        units = pd.read_parquet(processed / "units.parquet")
    try:
        made = make_forms(load_campaign(campaign), folder, lang, units)
    except CampaignError as error:
        raise Wrong(str(error)) from error
    click.echo(text("cli.forms_done", lang, count=len(made), folder=folder))
