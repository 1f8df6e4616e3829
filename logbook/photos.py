"""Photos from phones: decoded and written anew, so that only the picture is kept. Where and with what it was taken, a thumbnail
of what was cut away, and whatever else hides in a file, is gone.
"""

import io
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from logbook.errors import FileTooLarge, NotAPhoto
from logbook.files import MAX_FILE

MOST_PIXELS: Final = 50_000_000
LONGEST_SIDE: Final = 2560  # enough to read a gauge's dial
SMALL_SIDE: Final = 240
_FORMATS: Final = ("JPEG", "PNG", "WEBP")  # the only decoders that are asked
_QUALITY: Final = 85


def cleaned(data: bytes) -> bytes:
    """The picture alone, upright, as a JPEG. Raises FileTooLarge, NotAPhoto."""
    if len(data) > MAX_FILE:
        raise FileTooLarge(field="file", most=MAX_FILE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                return _written(image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as wrong:
        raise NotAPhoto(field="file") from wrong
    except Image.DecompressionBombWarning as wrong:
        raise NotAPhoto(field="file") from wrong


def small(data: bytes) -> bytes:
    """A picture that was kept, for a list: at most `SMALL_SIDE` wide and high, as a JPEG."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        image.draft("RGB", (SMALL_SIDE, SMALL_SIDE))
        image.thumbnail((SMALL_SIDE, SMALL_SIDE))
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _written(image: Image.Image) -> bytes:
    if image.width * image.height > MOST_PIXELS:  # before anything is decoded
        raise NotAPhoto(field="file", most=MOST_PIXELS)
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    ImageOps.exif_transpose(image, in_place=True)
    plain = image if image.mode == "RGB" else image.convert("RGB")  # eight megabytes that need not be copied
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    plain.info = {}  # all that a file says beside its picture
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
