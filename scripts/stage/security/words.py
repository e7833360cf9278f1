"""Texts that somebody of ill will types wherever a text may be typed."""

from __future__ import annotations

import random
from collections.abc import Iterator

# What Slurm and shells would read, if anything of it ever came into a script or a command line.
TO_SLURM = (
    "\n#SBATCH --account=root\n",
    "\r\n#SBATCH --export=ALL,LD_PRELOAD=/tmp/x.so\r\n",
    "#SBATCH --comment=owned",
    "--wrap=id",
    "--array=0-999",
    "--uid=0",
    "-A root",
    " --time=UNLIMITED ",
    "$(touch /tmp/owned)",
    "`touch /tmp/owned`",
    "${LD_PRELOAD}",
    "; scancel --me;",
    "&& rm -rf ~",
    "| sh",
    "'; exec sh; '",
    '"; exec sh; "',
    "\nexec sh\n",
    "LD_PRELOAD=/tmp/x.so",
    "PYTHONPATH=/tmp",
    "BASH_ENV=/tmp/x",
    "SLURM_CONF=/tmp/slurm.conf",
    "SBATCH_ACCOUNT=root",
    "() { :; }; echo owned",
    "%j%A%x%u",
    "../../../../etc/passwd",
    "/etc/passwd\0.txt",
    "~root",
    "*",
    "\\",
    "<(id)",
    ">/tmp/owned",
    "!!",
)
# What a browser would read. Each that runs sets `window.owned` or makes an element of class owned.
TO_BROWSERS = (
    "<script>window.owned=1</script>",
    "<ScRiPt>window.owned=1</sCrIpT>",
    '"><script>window.owned=1</script>',
    "'><script>window.owned=1</script>",
    "</script><script>window.owned=1</script>",
    "</title><script>window.owned=1</script>",
    "</textarea><script>window.owned=1</script>",
    "<img class=owned src=x onerror=window.owned=1>",
    '"><img class=owned src=x onerror=window.owned=1>',
    "'><img class=owned src=x onerror=window.owned=1>",
    "<svg class=owned onload=window.owned=1>",
    "<svg class=owned><script>window.owned=1</script></svg>",
    "<svg class=owned><animate onbegin=window.owned=1 attributeName=x dur=1s>",
    "<iframe class=owned srcdoc='<script>parent.owned=1</script>'></iframe>",
    "<iframe class=owned src=javascript:parent.owned=1></iframe>",
    "<a class=owned href=javascript:window.owned=1>x</a>",
    "javascript:window.owned=1",
    "<b class=owned>x</b>",
    "<math class=owned><mtext><table><mglyph><style><img src onerror=window.owned=1>",
    "<details class=owned open ontoggle=window.owned=1>",
    "<body class=owned onload=window.owned=1>",
    "<form class=owned action=javascript:window.owned=1><button>x</button></form>",
    "<input class=owned autofocus onfocus=window.owned=1>",
    "<video class=owned><source onerror=window.owned=1></video>",
    "<object class=owned data=javascript:window.owned=1></object>",
    "<meta class=owned http-equiv=refresh content='0;url=javascript:window.owned=1'>",
    "<base class=owned href=//evil.example/>",
    "<link class=owned rel=stylesheet href=//evil.example/x.css>",
    "<style class=owned>body{display:none}</style>",
    '" onmouseover="window.owned=1" class="owned',
    "' autofocus onfocus='window.owned=1' class='owned",
    "` onerror=`window.owned=1` class=`owned",
    "<!--<img class=owned src=x onerror=window.owned=1>-->",
    "<![CDATA[<b class=owned>]]>",
    "<template><b class=owned></template>",
    "{{7*7}}{{config}}",
    "{% for x in () %}{% endfor %}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "\\u003cscript\\u003ewindow.owned=1\\u003c/script\\u003e",
    "&lt;script&gt;window.owned=1&lt;/script&gt;",
    "&#60;img class=owned src=x onerror=window.owned=1&#62;",
    "%3Cscript%3Ewindow.owned=1%3C/script%3E",
    "\uff1cscript\uff1ewindow.owned=1\uff1c/script\uff1e",
    '<b hx-get="/history" hx-trigger="load" class=owned>x</b>',
    '<b hx-on::load="window.owned=1" class=owned>x</b>',
    "data:text/html,<script>window.owned=1</script>",
)
# What is nearly a number.
NEARLY = ("0x10", "1_0", "\uff11\uff10", " 5 ", "1e1", "NaN", "inf", "-0", "5\n", "\u0665", "5;id")
# What spreadsheets, logs, terminals and databases would read.
TO_OTHERS = (
    "=cmd|'/c calc'!A1",
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\x1b]0;owned\x07\x1b[2J",
    "'; DROP TABLE run; --",
    "' OR '1'='1",
    "%s%n%x",
    "{0.__class__}",
    "\u202egnp.exe",
    "\u200b\ufeff",
    "\x00",
    "\ud800",
    "\U0001f4a9" * 8,
    "\u0041\u0301" * 20,
    "x" * 5000,
)
STRANGE = "\0\t\n\r\x0b\x1b\u2028\u202e\ufeff'\"<>&;`$\\%"
ALL = (*TO_SLURM, *TO_BROWSERS, *NEARLY, *TO_OTHERS)


def hostile(number: int, *, of: tuple[str, ...] = ALL, seed: int = 7) -> Iterator[str]:
    """So many hostile texts, the same each time: each of `of` once, then pieces of them."""
    chance = random.Random(seed)  # noqa: S311 (the same tries each time)
    for count in range(number):
        if count < len(of):
            yield of[count]
            continue
        parts = chance.choices(of, k=chance.choice((1, 2, 3)))
        text = "".join(_bent(part, chance) for part in parts)
        yield f"{text}{count}" if chance.random() < 0.5 else f"{count}{text}"


def _bent(text: str, chance: random.Random) -> str:
    """The same with its letters' case changed, cut, doubled or with a strange character in it."""
    way = chance.randrange(6)
    at = chance.randrange(len(text) + 1)
    if way == 0:
        return text.swapcase()
    if way == 1:
        return text[at:] + text
    if way == 2:
        return (
            text[:at] + chance.choice("\0\t\n\r\x0b\x1b\u2028\u202e\ufeff'\"<>&;`$\\%") + text[at:]
        )
    return text
