"""How texts speak to a judge: orders, claims to be somebody, demands for a verdict.

In English and Swedish, coarsely in German, French, Spanish, Italian and Norwegian. The patterns are
kept from what pupils write about rules, choices and grades: most of that has a subject before the
verb, so an order is looked for at the beginning of a sentence or after a word that makes it one.
"""

import re
import unicodedata
from typing import Final

# Letters of other alphabets that look like Latin ones, small and without accents.
_LOOKALIKES: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u043a\u043c\u0442\u0432\u043d\u03b1\u03b5\u03b9\u03bf\u03c1\u03c5\u03bd\u03ba\u03c4",
    "aeopcyxijsdhkmtbhaeiopuvkt",
)


def folded(text: str) -> str:
    """The text as the eye reads it: no hidden marks, no accents, one alphabet, small letters."""
    shown = (c for c in unicodedata.normalize("NFKD", text) if c.isascii() or not _is_mark(c))
    plain = "".join(shown).casefold().translate(_LOOKALIKES)
    return re.sub(r" ?\n[ \n]*", "\n", re.sub(r"[^\S\n]+", " ", plain))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Cf", "Cc", "Cs"} and char not in "\x85"


def pattern(*choices: str) -> re.Pattern[str]:
    """One of `choices`; a space in them stands for a line break too, as in `folded` text."""
    joined = "|".join(f"(?:{choice})" for choice in choices)
    return re.compile(joined.replace(" ?", r"\s?").replace(" ", r"\s"), re.MULTILINE)


_ORDER = (
    r"(?:^[^a-z0-9\n]{0,40}|[.!?:;,\"(\]>]\s*(?:but |and )?"
    r"|\b(?:please|now|must|should|always|you|you to|just|then"
    r"|snalla|du ska|du maste|ska du|maste du|bor du|nu)[ ,]*)"
)
_GAP = r"[^.!?]{0,40}?"
_EARLIER = r"(?:previous|prior|above|preceding|earlier|former|foregoing)"
_GUIDES = r"(?:instructions?|prompts?|rules?|guidelines?|directions?|criteri(?:a|on)|rubrics?)"
_JUDGE = (
    r"(?:ai|llm|judge|grader|examiner|evaluator|rater|assessor|marker|chatbot|chatgpt|claude|"
    r"gemini|language model|ai model|assistant)"
)
_TEXT = (
    r"(?:text|essay|writing|answer|article|composition|submission|response|paper|work|letter)"
    r"(?! topics?\b| questions?\b)"
)
_MINE = r"(?:this|my|the (?:first|second|present)|whichever)"
_TOP = (
    r"(?:highest|maximum|top|full|best|perfect|10|ten|5|five|a\+?|100)"
    r" (?:possible )?(?:grades?|scores?|marks?|points?|rating|confidence|of 5|of five|out of)"
)
_GRADER = r"(?:ai|llm|grader|evaluator|rater|assessor|chatbot|language model|ai model|ai judge)"
_ADDRESSED = (
    r"(?:ai|llm|chatgpt|grader|evaluator|rater|assessor|judge|examiner|bedomare|rattare|domare|"
    r"examinator)"
)
_ORDERS_ENGLISH = (
    rf"(?:^|[.!?] )[^a-z0-9\n]{{0,10}}(?:hi |hello |hey |hej |kara )?(?:the )?{_ADDRESSED} ?[!,:] ",
    rf"\b(?:the|any|every) {_GRADER} (?:must|should|shall|has to|needs to|is to) (?:\w+ )?"
    r"(?:output|choose|select|prefer|give|declare|pick|rate|score|answer|award|rank|return)\b",
    r"\b(?:the|any|every) judge (?:must|should|shall|has to|needs to) (?:\w+ )?"
    rf"(?:choose|select|prefer|pick) (?:it|me|{_MINE})\b",
    rf"\bas an? (?:\w+ )?{_GRADER}[, ]{{1,2}}(?:you|your)\b",
    r"\bjudge of this (?:contest|competition|comparison|task|pair)\b",
    r"\b(?:declare|choose|pick|select|prefer) (?:text|essay|option) [ab]\b",
    r"\b(?:mark|rank|rate|score|grade|name|label|treat|declare|judge) (?:this|it|mine) as (?:the )?"
    rf"(?:best|better|winning|superior|stronger|strongest) {_TEXT}\b",
    r"\blet (?:the|this) (?:first |second )?(?:one|text|essay) win\b",
    r"\b(?:instructions?|prompts?|criteria|rubrics?|rules) (?:above|before this)(?: \w+){1,3} ?"
    r"(?:cancel\w*|void|obsolete|replaced|wrong|over|invalid)\b",
    r"\byou are (?:chatgpt|gpt)\b",
    r"\bif you are an? (?:ai|llm|language model|ai model|chatbot)\b",
    r"\byour (?:new|real|true) (?:task|job|role) is\b",
    rf"\b{_EARLIER} {_GUIDES} (?:do not|don[’']?t|no longer) (?:apply|hold|count)\b",
    rf"\bconsider (?:this|my) {_TEXT} (?:as |to be )?(?:the )?(?:superior|better|best|winner)\b",
    rf"{_ORDER}(?:do not|don[’']?t|stop) (?:compare|comparing|reading now|read (?:on|further)|"
    r"judge|judging|grade|grading) ?(?:$|[.,;!]|now\b|the (?:other|second|first)\b|this\b)",
    r"\bconfidence (?:score |level )?(?:of |is |to |= ?|: ?)?[1-5]\b",
    r"\b(?:highest|maximum) confidence\b",
    rf"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass){_GAP}"
    rf"\b{_EARLIER}{_GAP}\b{_GUIDES}\b",
    rf"{_ORDER}(?:ignore|disregard|override|forget|do not follow|don[’']?t follow)"
    r" (?:all|any|every|your|these|those|the)"
    r"(?: of)?(?: the| your| other)? (?:\w+ )?"
    r"(?:instructions?|prompts?|criteri(?:a|on)|rubrics?)\b",
    r"\b(?:ignore|disregard|forget) (?:everything|anything|all|what) "
    r"(?:that )?(?:was |is |has been )?"
    r"(?:above|before this|(?:you (?:were|have been|are) )?(?:told|said)\b)",
    rf"\byou are (?:now|no longer) (?:an? |the |my )?(?:\w+ ){{0,2}}{_JUDGE}\b",
    r"(?<!if )(?<!when )\byou are an? (?:ai|llm|language model|large language model|grader|rater|"
    r"evaluator|ai (?:judge|assistant|model|grader)|(?:helpful|impartial|fair) (?:\w+ )?"
    r"(?:assistant|judge|grader))\b",
    rf"\b(?:act|behave|respond) as (?:if you (?:are|were) )?(?:an? |the )(?:\w+ )?{_JUDGE} "
    r"(?:who|that|which|and)\b",
    r"\b(?:system|developer) (?:prompt|message|instructions?|override)\b",
    r"\bnew instructions?(?: (?:for|to) \w+(?: \w+)?)? ?:",
    rf"\b(?:message|note|notice|attention|instructions?|memo|hint|p\.?s\.?)"
    rf"(?: (?:to|for)| ?[:,]) (?:the |all |any |whichever )?(?:\w+ )?{_JUDGE}s?\b",
    r"\b(?:dear|hey|hello|hi) (?:ai|llm|chatgpt|gpt|claude|gemini|(?:large )?language model|"
    r"chatbot|automat(?:ic|ed) (?:grader|judge))\b",
    rf"{_ORDER}(?:choose|pick|select|prefer|declare|vote for|rank|favou?r) {_MINE} {_TEXT}\b",
    rf"{_ORDER}(?:rate|score|grade|mark|judge|rank|evaluate) (?:{_MINE} {_TEXT}|it|me) "
    r"(?:\w+ )?(?:with |as |at )?(?:\w+ )?(?:5|five|10|ten|100|highest|maximum|top|best|full|first"
    r"|higher|better|winner|a\+?)\b",
    rf"{_ORDER}(?:give|award|assign|grant)(?: to)? (?:{_MINE} {_TEXT}|it|me|the writer)"
    rf"{_GAP}\b{_TOP}",
    rf"\b(?:this|my) {_TEXT}\b (?:must|should|shall|has to|needs to|ought to|will) "
    r"(?:always )?(?:win|be (?:the )?(?:winner|chosen|preferred|selected|declared))\b",
    rf"\b(?:this|my) {_TEXT}\b (?:is the winner|wins\b|deserves (?:the |an? )?{_TOP})",
    r"\b(?:winner|better text|better essay|correct (?:answer|verdict)) (?:is|must be|should be) "
    rf"(?:this|my|the first|the second|always the|[\"“]?(?:first|second)[\"”]?)(?: {_TEXT})?\b",
    rf"\bthe other {_TEXT}\b (?:must|should|has to) (?:lose|be (?:ignored|rejected|disqualified))",
    rf"{_ORDER}(?:answer|respond|reply|output|return|write|print|say)(?: with| only)?(?: that)? "
    r"(?:the )?[\"“'‘*]*(?:first|second)[\"”'’*]*(?: wins?\b| (?:for|in) (?:every|all|each)\b)",
    r"\b(?:with|set|use|give|maximum) (?:the |a )?confidence (?:of |to |is |= ?)?(?:5|five)\b",
)
_MINE_SV = r"(?:denna|den har|min|mitt|detta|det har)"
_TEXT_SV = r"(?:text|uppsats|elevtext|artikel|inlamning|losning|svar)\w*"
_ORDERS_SWEDISH = (
    r"\b(?:ignorera|bortse fran|glom|strunta i|hoppa over|asidosatt)\b"
    rf"{_GAP}\b(?:tidigare|foregaende|ovanstaende|alla dina|dina?|ditt)\b"
    rf"{_GAP}\b(?:\w*instruktion\w*|\w*matris\w*|anvisning\w*|regler\w*|order|uppmaning\w*|kriteri\w*|prompt\w*)",
    rf"{_ORDER}(?:ignorera|bortse fran|glom|folj inte)(?: alla)?(?: de| dina)? ?"
    r"(?:andra )?(?:\w*instruktion\w*|anvisning\w*|bedomningsanvisning\w*|prompt\w*)",
    r"\b(?:ignorera|bortse fran|glom) allt (?:ovan|som star ovan|tidigare|som stod|du har fatt)\b",
    r"\bdu ar (?:nu |inte langre )?(?:en |ett )?(?:\w+ )?(?:bedomare|rattare|sprakmodell|ai|"
    r"ai-modell|ai-domare|chatbot|ai-assistent)\b",
    r"\b(?:meddelande|instruktion(?:er)?|anvisning(?:ar)?|obs|notis|viktigt)(?: till| for|[:!]+ ?)"
    r" ?(?:dig som (?:ar )?|alla )?"
    r"(?:bedomar\w*|domar\w*|rattar\w*|ai|ai:n|ai-\w+|sprakmodell\w*)\b",
    r"\b(?:kara|hej) (?:ai|ai-\w+|chatgpt|claude|sprakmodell\w*)\b",
    r"\b(?:systemprompt|systeminstruktion|systemmeddelande)\w*",
    rf"\bvalj {_MINE_SV} {_TEXT_SV}",
    rf"{_ORDER}(?:valj|utse|foredra|rosta pa|ranka) (?:alltid )?"
    rf"(?:{_MINE_SV}|den forsta|den andra) {_TEXT_SV}",
    rf"{_ORDER}(?:ge|satt|tilldela)(?: pa| till)? (?:{_MINE_SV} {_TEXT_SV}"
    rf"|den|mig|det){_GAP}\b(?:hogsta|basta|fulla?|maximal\w*|topp|a i|betyget? a\b|5 i|femma)",
    rf"\b{_MINE_SV} {_TEXT_SV} (?:ska|skall|maste|bor) (?:alltid )?(?:vinna|vara vinnar\w*|"
    r"valjas|foredras|utses|fa (?:det )?hogsta)",
    rf"\b{_MINE_SV} {_TEXT_SV} ar vinnaren\b",
    rf"\bvinnaren (?:ar|ska vara|maste vara) (?:{_MINE_SV}|den forsta|den andra|first|second)\b",
    rf"{_ORDER}(?:svara|skriv)(?: alltid| bara| endast)?(?: med)? [\"”'*]*(?:first|second)\b",
)
_ORDERS_ELSEWHERE = (
    r"\b(?:ignorier\w*|vergiss|missacht\w*|ignorez|oublie[zr]?|ignora(?:d|r|te)?|olvida(?:r|d)?|"
    rf"ignorer|se bort fra){_GAP}\b(?:\w*anweisung\w*|instructions|consignes|instruccion\w*|"
    r"istruzion\w*|instruks\w*|instruktion\w*|vorgaben)\b",
)
ORDERS: Final = pattern(*_ORDERS_ENGLISH, *_ORDERS_SWEDISH, *_ORDERS_ELSEWHERE)
