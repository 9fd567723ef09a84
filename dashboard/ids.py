"""Every component id, one StrEnum a page, as `page--thing`.

Repeated parts use `{"type": <member>, "index": <id>}`, built with `repeated`.
"""

from __future__ import annotations

from enum import StrEnum


class Shell(StrEnum):
    """Parts of the frame that every page has."""

    LOCATION = "shell--location"
    NOTICES = "shell--notices"
    SCHEME = "shell--scheme"
    CRUMBS = "shell--crumbs"
    TOOLS = "shell--tools"
    JOBS_OPEN = "shell--jobs-open"  # the button of the header, which says what is under way
    JOBS_SHEET = "shell--jobs-sheet"
    JOBS_LIST = "shell--jobs-list"
    JOBS_POLL = "shell--jobs-poll"
    JOBS_MORE = "shell--jobs-more"
    JOBS_CANCEL_ALL = "shell--jobs-cancel-all"
    JOB_CANCEL = "shell--job-cancel"


class Models(StrEnum):
    """The list of models."""

    PAGE = "models--page"
    LIST = "models--list"
    SUMMARY = "models--summary"
    SEARCH = "models--search"
    WHOSE = "models--whose"  # all, one's own, or what is shared
    TARGET = "models--target"
    SORT = "models--sort"
    SORT_BUTTON = "models--sort-button"
    MORE = "models--more"
    LIMIT = "models--limit"
    POLL = "models--poll"
    UPLOADS = "models--uploads"
    UPLOADED = "models--uploaded"
    CHOOSE = "models--choose"
    REMOVE = "models--remove"
    REMOVE_DIALOG = "models--remove-dialog"
    REMOVE_TEXT = "models--remove-text"
    REMOVE_YES = "models--remove-yes"
    REMOVE_NO = "models--remove-no"
    REMOVING = "models--removing"
    REMOVED = "models--removed"
    DEMO = "models--demo"
    DEMO_ADDED = "models--demo-added"
    ADDRESS = "models--address"


class Diff(StrEnum):
    """Two models beside each other."""

    PAGE = "diff--page"
    ADDRESS = "diff--address"
    BODY = "diff--body"
    TABLE = "diff--table"
    GRAPHS = "diff--graphs"
    SOURCE = "diff--source"
    ONLY = "diff--only"  # the button that hides what is the same
    CHOICE = "diff--choice"  # these three + "-" + a, b, c
    TARGET = "diff--target"
    PRESET = "diff--preset"


class Targets(StrEnum):
    """The list of targets."""

    PAGE = "targets--page"


class Usage(StrEnum):
    """Who uses the server."""

    PAGE = "usage--page"


class Experiments(StrEnum):
    """The list of experiments."""

    PAGE = "experiments--page"
    LIST = "experiments--list"
    SUMMARY = "experiments--summary"
    SEARCH = "experiments--search"
    WHOSE = "experiments--whose"
    SORT = "experiments--sort"
    SORT_BUTTON = "experiments--sort-button"
    MORE = "experiments--more"
    LIMIT = "experiments--limit"
    UPLOADS = "experiments--uploads"
    UPLOADED = "experiments--uploaded"
    CHOOSE = "experiments--choose"
    REMOVE = "experiments--remove"
    REMOVE_DIALOG = "experiments--remove-dialog"
    REMOVE_TEXT = "experiments--remove-text"
    REMOVE_YES = "experiments--remove-yes"
    REMOVE_NO = "experiments--remove-no"
    REMOVING = "experiments--removing"
    REMOVED = "experiments--removed"
    ADDRESS = "experiments--address"


class Experiment(StrEnum):
    """One experiment."""

    PAGE = "experiment--page"
    KEY = "experiment--key"  # id of the experiment
    DATA = "experiment--data"  # columns of the models, see queries/experiment.py
    PLACES = "experiment--places"  # of the models on the map
    STATE = "experiment--state"
    MAP_ASK = "experiment--map-ask"  # {"by", "collapsed"}
    SAVED = "experiment--saved"
    ISSUES = "experiment--issues"
    COLOUR = "experiment--colour"
    SIZE = "experiment--size"
    BY = "experiment--by"
    REPORT = "experiment--report"
    STRIP = "experiment--strip"
    CHIPS = "experiment--chips"
    FITS = "experiment--fits"
    BEST = "experiment--best"
    RELAX = "experiment--relax"
    DOCKS = "experiment--docks"
    SEARCH = "experiment--search"
    RELATIVES = "experiment--relatives"
    MAP = "experiment--map"
    HEADS = "experiment--heads"
    LEGEND = "experiment--legend"
    FIT = "experiment--fit"
    ZOOM_IN = "experiment--zoom-in"
    ZOOM_OUT = "experiment--zoom-out"
    SELECTION = "experiment--selection"
    TRADE = "experiment--trade"  # + "-" + number of the chart, + "-plot" the place of its figure
    TRADE_X = "experiment--trade-x"
    TRADE_Y = "experiment--trade-y"
    TRADES = "experiment--trades"
    TRADE_NOTE = "experiment--trade-note"
    CHARTS = "experiment--charts"  # the colour scheme, once charts may come
    RIGHT = "experiment--right"
    WIDE = "experiment--wide"
    TAB = "experiment--tab"  # + "-" + a dock of urls_experiment.DOCKS
    PANE = "experiment--pane"
    HEIGHT = "experiment--height"
    AXES = "experiment--axes"
    HISTOGRAMS = "experiment--histograms"
    BOUNDS = "experiment--bounds"
    CURVES = "experiment--curves"
    NAMED = "experiment--named"  # the list of named budgets
    BUDGET_NAME = "experiment--budget-name"
    BUDGET_SAVE = "experiment--budget-save"
    BUDGET_REMOVE = "experiment--budget-remove"  # one for each
    TABLE = "experiment--table"
    DIFFERS = "experiment--differs"
    COMPARE = "experiment--compare"
    COMPARE_ASK = "experiment--compare-ask"
    FORMULA = "experiment--formula"
    FORMULA_NAME = "experiment--formula-name"
    FORMULA_UNIT = "experiment--formula-unit"
    FORMULA_WAY = "experiment--formula-way"
    FORMULA_ADD = "experiment--formula-add"
    FORMULA_REMOVE = "experiment--formula-remove"  # one for each
    FORMULA_DONE = "experiment--formula-done"
    RELOAD = "experiment--reload"  # another value: the columns again
    PROGRESS = "experiment--progress"  # {"key", "rows"}: of models that jobs make
    RUN = "experiment--run"  # the sheet of operations
    RUN_ASK = "experiment--run-ask"  # {"row", "turn"}
    RUN_BODY = "experiment--run-body"
    RUN_MODEL = "experiment--run-model"  # id of the model
    RUN_OPERATION = "experiment--run-operation"
    RUN_FIELDS = "experiment--run-fields"
    RUN_FIELD = "experiment--run-field"  # one a parameter
    RUN_COUNT = "experiment--run-count"
    RUN_TIME = "experiment--run-time"
    RUN_GO = "experiment--run-go"
    RUN_DONE = "experiment--run-done"  # ids of the children that come
    RUN_FILES = "experiment--run-files"
    RUN_PICK = "experiment--run-pick"  # a model of the list as the file
    RUN_DATA = "experiment--run-data"
    RUN_ONNX = "experiment--run-onnx"
    JUDGE = "experiment--judge"  # one a way: "data", "time"
    JUDGED = "experiment--judged"
    DISMISS = "experiment--dismiss"  # one a model that could not be made


class Model(StrEnum):
    """One model on one target."""

    PAGE = "model--page"
    MODEL = "model--model"
    TARGET = "model--target"
    FPS = "model--fps"
    DIM = "model--dim"
    RECIPE = "model--recipe"  # the document of queries/documents.py
    AGAINST = "model--against"  # {"id", "name", "recipe"}: what figures are compared with
    DRAFT = "model--draft"  # {"analysis", "at", "version", "saved", "conflict"}
    PRESETS = "model--presets"  # id -> rules
    UNDO = "model--undo"
    REDO = "model--redo"
    RULES = "model--rules"
    RULES_SHEET = "model--rules-sheet"
    MAKE = "model--make"  # the file of the recipe
    MAKE_TIMED = "model--make-timed"
    JUDGE = "model--judge"  # on samples
    MEASURE = "model--measure"
    JUDGE_BASE = "model--judge-base"  # a model beside it
    JUDGED = "model--judged"  # what was found
    JUDGE_ASKED = "model--judge-asked"
    SAMPLES = "model--samples"
    SAMPLES_HELD = "model--samples-held"  # of the file of samples, signed
    SAMPLES_WORDS = "model--samples-words"
    RULES_OPEN = "model--rules-open"
    SAVE = "model--save"  # a message of the autosave or the sheet; see queries/desk.py
    SAVED = "model--saved"  # what the last message was answered with
    ANALYSES = "model--analyses"
    ANALYSES_NAME = "model--analyses-name"
    ANALYSES_STATE = "model--analyses-state"
    ANALYSES_SHEET = "model--analyses-sheet"
    ANALYSES_ASKED = "model--analyses-asked"  # what the open sheet is to show
    ANALYSES_TREE = "model--analyses-tree"
    ANALYSES_LIST = "model--analyses-list"
    ANALYSES_COUNT = "model--analyses-count"
    ANALYSES_SEARCH = "model--analyses-search"
    CHECKPOINT_NAME = "model--checkpoint-name"
    CHECKPOINT_NOTE = "model--checkpoint-note"
    ROW_NAME = "model--row-name"
    ROW_NOTE = "model--row-note"
    CONFLICT = "model--conflict"
    CONFLICT_TEXT = "model--conflict-text"
    WHOSE = "model--whose"  # the role of who does not own what is open
    MEANWHILE = "model--meanwhile"  # another person saved
    MEANWHILE_TEXT = "model--meanwhile-text"
    OPTIMIZE = "model--optimize"
    EXPORT = "model--export"  # + "-" + a format of engine.export.KINDS
    EXPORTED = "model--exported"
    SHEET = "model--sheet"
    SHEET_OPEN = "model--sheet-open"  # id of the sheet that is open, or ""
    OFFERS = "model--offers"
    OPTIONS = "model--options"  # the sheet of options of the selected tasks
    OPTIONS_ASK = "model--options-ask"  # {"tasks": ids, "turn": n}
    OPTIONS_ROWS = "model--options-rows"
    OPTIONS_PICK = "model--options-pick"  # {"tasks": ids, "action": JSON} or None
    OPTIONS_TITLE = "model--options-title"
    OPTIONS_BACK = "model--options-back"
    OPTIONS_NOW = "model--options-now"
    OPTIONS_OWN = "model--options-own"
    OPTIONS_WITHHELD = "model--options-withheld"
    OPTIONS_FILTERS = "model--options-filters"
    OPTIONS_COUNT = "model--options-count"
    OPTIONS_TABLE = "model--options-table"
    OPTIONS_PREVIEW = "model--options-preview"
    OPTIONS_APPLY = "model--options-apply"
    OPTIONS_LEAVE = "model--options-leave"
    WHY = "model--why"
    WHY_TASK = "model--why-task"
    WHY_STEPS = "model--why-steps"
    WHY_CLOSE = "model--why-close"
    TOTALS = "model--totals"
    BUDGETS = "model--budgets"  # {"own", "rows": key -> fields of the form, "text": JSON}
    BUDGETS_SHEET = "model--budgets-sheet"
    BUDGETS_LIST = "model--budgets-list"
    BUDGET_KINDS = "model--budget-kinds"  # metric -> what the form shows
    BUDGET_WAS = "model--budget-was"  # key of the budget that is edited, or ""
    BUDGET_TITLE = "model--budget-title"
    BUDGET_METRIC = "model--budget-metric"
    BUDGET_SIGN = "model--budget-sign"
    BUDGET_UNIT = "model--budget-unit"
    BUDGET_USE = "model--budget-use"
    BUDGET_LIMIT = "model--budget-limit"
    BUDGET_PER_DAY = "model--budget-per_day"
    BUDGET_BATTERY = "model--budget-battery"
    BUDGET_LASTS = "model--budget-lasts"
    BUDGET_APP = "model--budget-app"
    BUDGET_RUNTIME = "model--budget-runtime"
    BUDGET_NEEDS = "model--budget-needs"  # these two + "-" + a field of budget_form.FIELDS
    BUDGET_FAULT = "model--budget-fault"
    BUDGET_HELP = "model--budget-help"
    BUDGET_SAVE = "model--budget-save"
    BUDGET_CANCEL = "model--budget-cancel"
    BUDGET_TEXT = "model--budget-text"
    BUDGET_TEXT_ADD = "model--budget-text-add"
    BUDGET_JSON = "model--budget-json"
    BUDGET_COPY = "model--budget-copy"
    BUDGET_PUT = "model--budget-put"
    BUDGET_REMOVE = "model--budget-remove"
    BUDGET_SCOPE = "model--budget-scope"
    BUDGET_APART = "model--budget-apart"
    BUDGET_JOIN = "model--budget-join"
    TRIAGE = "model--triage"
    FOCUS = "model--focus"
    GLOSSARY = "model--glossary"
    TASKS = "model--tasks"
    EFFECTS = "model--effects"
    STATE = "model--state"
    TABLE = "model--table"
    SEARCH = "model--search"
    CHIPS = "model--chips"
    COUNT = "model--count"
    COLUMNS = "model--columns"
    COLUMN_SEARCH = "model--column-search"
    SELECTION = "model--selection"
    ONLY = "model--only"
    CLEAR = "model--clear"
    DOCKS = "model--docks"
    RIGHT = "model--right"
    TAB = "model--tab"  # + "-" + a dock of urls.DOCKS; its pane is PANE + "-" + the dock
    PANE = "model--pane"
    BAR = "model--bar"  # + "-" + dock: the row of controls of a pane
    SHOW = "model--show"
    DIRECTION = "model--direction"
    LASSO = "model--lasso"
    GROUPS_TEXT = "model--groups-text"
    GROUPS_SAVE = "model--groups-save"
    GROUPS_REMOVE = "model--groups-remove"
    GROUPS_DONE = "model--groups-done"
    TASKS_CANVAS = "model--tasks-canvas"
    GRAPH = "model--graph"
    GRAPH_PANE = "model--graph-pane"
    STYLES = "model--styles"
    FOLD = "model--fold"
    COLOUR = "model--colour"
    LEGEND = "model--legend"
    ZOOM_IN = "model--zoom-in"
    ZOOM_OUT = "model--zoom-out"
    FIT = "model--fit"
    MINIMAP = "model--minimap"
    MINIMAP_HIDE = "model--minimap-hide"
    TIP = "model--tip"
    HISTOGRAMS = "model--histograms"
    HEIGHT = "model--height"
    AXES = "model--axes"
    TIMELINE = "model--timeline"
    TIMELINE_FIT = "model--timeline-fit"
    TIMELINE_NOTE = "model--timeline-note"
    LANES = "model--lanes"
    ROOM = "model--room"  # bytes that the target has for activations
    CODE = "model--code"
    CODE_NOTE = "model--code-note"
    READING = "model--reading"  # a file, or the lines of the selection
    COMPOSITION = "model--composition"
    COMPOSITION_NOTE = "model--composition-note"
    BY = "model--by"
    AREA = "model--area"
    CHARTS = "model--charts"  # the colour scheme, once charts may come
    SCATTER = "model--scatter"
    SCATTER_PLOT = "model--scatter-plot"
    SCATTER_X = "model--scatter-x"
    SCATTER_Y = "model--scatter-y"
    SCATTER_FIT = "model--scatter-fit"
    SCATTER_NOTE = "model--scatter-note"
    ROOFLINE = "model--roofline"
    ROOFLINE_PLOT = "model--roofline-plot"
    ROOFLINE_ASK = "model--roofline-ask"  # which figures the page has, when it is in sight
    ROOFLINE_TASKS = "model--roofline-tasks"
    ROOFLINE_GAINS = "model--roofline-gains"
    ROOFLINE_FIT = "model--roofline-fit"
    ROOFLINE_NOTE = "model--roofline-note"


class Layers(StrEnum):
    """Layers of models beside a base."""

    PAGE = "layers--page"
    ASK = "layers--ask"  # the view, see urls_layers.py
    PICKED = "layers--picked"  # number and name of the selected layer
    TURN = "layers--turn"  # another value: something has become ready
    ADDRESS = "layers--address"  # of what the table shows
    GO = "layers--go"
    OPENED = "layers--opened"
    SHOW = "layers--show"
    BINS = "layers--bins"
    FIGURE = "layers--figure"
    SEARCH = "layers--search"
    BASE = "layers--base"
    ADD = "layers--add"
    DROP = "layers--drop"  # one a model
    LOAD = "layers--load"
    CANCEL = "layers--cancel"
    STATUS = "layers--status"
    LOADED = "layers--loaded"
    PAGES = "layers--pages"
    POLL = "layers--poll"
    NOTE = "layers--note"
    TABLE = "layers--table"
    DETAILS = "layers--details"
    UNMATCHED = "layers--unmatched"
    FINDINGS = "layers--findings"
    REMEDY = "layers--remedy"  # one a finding
    REMEDIED = "layers--remedied"
    TASK = "layers--task"  # one a model and place


def repeated(member: StrEnum, index: str) -> dict[str, str]:
    """Pattern id of one of many equal parts."""
    return {"type": str(member), "index": index}
