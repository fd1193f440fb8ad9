"""The media site: what waits, what computes, and what follows what."""

from celery import Celery, chain, chord

app = Celery("media")
app.config_from_object("media.celeryconfig")


@app.task(name="media.fetch.download")
def download(url: str = "https://example.org/film") -> str:
    return url.rsplit("/", 1)[-1]


@app.task(name="media.video.thumbnail")
def thumbnail(name: str = "film") -> str:
    return f"{name}.jpg"


@app.task(name="media.video.transcode")
def transcode(name: str = "film") -> str:
    return f"{name}.mp4"


@app.task(name="media.publish.announce")
def announce(files: list[str] | None = None) -> str:
    return "published " + ", ".join(sorted(files or []))


def upload(url: str):
    """The workflow `upload` of media/team-video.toml."""
    return chain(download.s(url), chord([thumbnail.s(), transcode.s()], announce.s()))
