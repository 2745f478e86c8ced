"""What the judge service can tell about a text before anybody judges it. Pure.

`clean` is what a judge is sent of a text: whoever hashes texts hashes what it leaves.
"""

from llmprovider.prompting.visible_texts import characters_taken_out, clean
from llmprovider.prompting.warning_signs import Sign, warning_signs

__all__ = ["Sign", "characters_taken_out", "clean", "warning_signs"]
