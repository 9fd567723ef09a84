"""The tables.  How they came to be, one step after the other, is in `migrations/versions`."""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()
MODELS = sa.Table(
    "models",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),  # unguessable: an id in a link is a key
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("project", sa.String(200), nullable=False),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("origin", sa.String(20), nullable=False),  # "upload", "command line", "demo"
    sa.Column("created", sa.String(32), nullable=False),  # ISO 8601, UTC
    sa.Column("file_bytes", sa.BigInteger, nullable=False),
    sa.Column("op_count", sa.Integer, nullable=False),
    sa.Column("dims", sa.Text, nullable=False),  # JSON: [[name, value, given], …]
    sa.Column("properties", sa.Text, nullable=False),  # JSON: facts of the file
    sa.Column("notes", sa.Text, nullable=False),  # JSON: sentences of the reader
    sa.Column("description", sa.Text, nullable=False),
    sa.UniqueConstraint("owner", "sha256"),
)
MARKS = sa.Table(
    "marks",  # things that happened once: "demo" when the demo models were offered
    METADATA,
    sa.Column("name", sa.String(40), primary_key=True),
)
MODEL_BUDGETS = sa.Table(
    "model_budgets",
    METADATA,
    sa.Column("model_id", sa.ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("budgets", sa.Text, nullable=False),  # JSON of the caller
    sa.Column("updated", sa.String(32), nullable=False),
)
MODEL_GROUPS = sa.Table(
    "model_groups",  # how a person folds a model's tasks
    METADATA,
    sa.Column("model_id", sa.ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("groups", sa.Text, nullable=False),  # JSON: label -> pattern
    sa.Column("updated", sa.String(32), nullable=False),
)
ANALYSES = sa.Table(
    "analyses",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("model_id", sa.ForeignKey("models.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("target", sa.String(80), nullable=False),
    sa.Column("fps", sa.Float),  # 1/s; null: the target's own
    sa.Column("bindings", sa.Text, nullable=False),  # JSON: {name: size}
    sa.Column("budgets", sa.Text, nullable=False),  # JSON of the caller; "": the model's
    sa.Column("forked_from", sa.String(32), nullable=False),  # an analysis, deleted or not; ""
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("updated", sa.String(32), nullable=False),
    sa.Column("deleted", sa.String(32), nullable=False),  # when; "" while it stands
    sa.Index("analyses_of_a_model", "model_id"),
    sa.Index("analyses_forked_from", "forked_from"),
)
sa.Index(
    "analyses_names",
    *(ANALYSES.c.owner, ANALYSES.c.model_id, ANALYSES.c.name),
    unique=True,
    sqlite_where=ANALYSES.c.deleted == "",
    postgresql_where=ANALYSES.c.deleted == "",
)
CHECKPOINTS = sa.Table(
    "checkpoints",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("analysis_id", sa.ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False),
    sa.Column("parent_id", sa.ForeignKey("checkpoints.id", ondelete="SET NULL")),  # null: a root
    sa.Column("seq", sa.Integer, nullable=False),  # order of saving; a parent's is smaller
    sa.Column("kind", sa.String(20), nullable=False),  # "saved"; "kept" by the store itself
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("totals", sa.Text, nullable=False),  # JSON of the caller
    sa.Column("engine", sa.String(40), nullable=False),  # version that computed the totals
    sa.Column("digest", sa.String(64), nullable=False),  # sha256 of the recipe's text
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("view", sa.Text, nullable=False),  # query of an address
    sa.Column("recipe", sa.Text, nullable=False),  # JSON of the caller; a list skips it
    sa.Column("author", sa.String(200), nullable=False, server_default=""),  # who saved it
    sa.UniqueConstraint("analysis_id", "seq", name="checkpoints_order"),
    sa.Index("checkpoints_parent", "parent_id"),
    sa.Index("checkpoints_digest", "analysis_id", "digest"),
)
DRAFTS = sa.Table(
    "drafts",
    METADATA,
    sa.Column("analysis_id", sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("owner", sa.String(200), primary_key=True),
    sa.Column("recipe", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("history", sa.Text, nullable=False),  # JSON of the caller: undo, position
    sa.Column("base_id", sa.ForeignKey("checkpoints.id", ondelete="SET NULL")),
    sa.Column("version", sa.Integer, nullable=False),  # from 1, higher by each write
    sa.Column("updated", sa.String(32), nullable=False),
    sa.Index("drafts_base", "base_id"),
)
EXPERIMENTS = sa.Table(
    "experiments",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("origin", sa.String(20), nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("updated", sa.String(32), nullable=False),
    sa.Column("file_bytes", sa.BigInteger, nullable=False),
    sa.Column("model_count", sa.Integer, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),  # JSON of the caller: what a list shows
    sa.Column("edits", sa.Text, nullable=False),  # JSON of the caller: notes, flags, budgets
    sa.Column("version", sa.Integer, nullable=False),  # of the edits: from 1, higher by each write
    # an experiment, removed or not; "" it is no fork
    sa.Column("forked_from", sa.String(32), nullable=False, server_default=""),
    # what that one was called, and whose it was, when it was forked
    sa.Column("forked_name", sa.String(200), nullable=False, server_default=""),
    sa.Column("forked_owner", sa.String(200), nullable=False, server_default=""),
)
sa.Index(
    "experiments_files",
    *(EXPERIMENTS.c.owner, EXPERIMENTS.c.sha256),
    unique=True,
    sqlite_where=EXPERIMENTS.c.forked_from == "",
    postgresql_where=EXPERIMENTS.c.forked_from == "",
)
EXPERIMENT_MODELS = sa.Table(
    "experiment_models",  # what jobs add to the file of an experiment
    METADATA,
    sa.Column(
        "experiment_id", sa.ForeignKey("experiments.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("model", sa.String(500), primary_key=True),  # its id in the experiment
    sa.Column("place", sa.Integer, nullable=False),  # order of asking
    sa.Column("job_id", sa.String(32), nullable=False),  # whose unit makes it; "" none
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("made", sa.Boolean, nullable=False),
    sa.Column("entry", sa.Text, nullable=False),  # JSON of the caller, as in the file
)
EXPERIMENT_FILES = sa.Table(
    "experiment_files",  # blobs that belong to an experiment
    METADATA,
    sa.Column(
        "experiment_id", sa.ForeignKey("experiments.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("role", sa.String(10), primary_key=True),  # "model", "fit", "data"
    sa.Column("model", sa.String(500), primary_key=True),  # whose; "" the experiment's
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("words", sa.String(300), nullable=False),  # what it is
)
EXPERIMENT_DATA = sa.Table(
    "experiment_data",  # sets of instances that models of an experiment have predictions for
    METADATA,
    sa.Column(
        "experiment_id", sa.ForeignKey("experiments.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("data", sa.String(64), primary_key=True),  # digest of the file, or of the ids
    sa.Column("name", sa.String(300), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),  # of what is shown: "image", …; "" nothing
    sa.Column("sha256", sa.String(64), nullable=False),  # of the instances as they are shown
    sa.Column("created", sa.String(32), nullable=False),
)
PREDICTIONS = sa.Table(
    "predictions",  # what a model of an experiment made of a set of instances
    METADATA,
    sa.Column(
        "experiment_id", sa.ForeignKey("experiments.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("model", sa.String(500), primary_key=True),  # its id in the experiment
    sa.Column("data", sa.String(64), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),  # of the outputs
    sa.Column("source", sa.String(12), nullable=False),  # "job", "file"
    sa.Column("words", sa.String(300), nullable=False),  # name of the file, or of the job
    sa.Column("made_from", sa.String(64), nullable=False),  # digest of file and steps; "" unknown
    sa.Column("engine", sa.String(40), nullable=False),  # version
    sa.Column("created", sa.String(32), nullable=False),
)
# whose rows name a blob as sha256
BLOBS = (MODELS, EXPERIMENTS, EXPERIMENT_FILES, EXPERIMENT_DATA, PREDICTIONS)
JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("subject", sa.String(32), nullable=False),  # id of a model or an experiment; ""
    sa.Column("state", sa.String(12), nullable=False),  # queued running done failed cancelled
    sa.Column("cancel", sa.Boolean, nullable=False),  # asked for; the worker does it
    sa.Column("digest", sa.String(64), nullable=False),  # of kind and units: asked twice is once
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("finished", sa.String(32), nullable=False),  # "" until then
    sa.Index("jobs_of_an_owner", "owner", "created"),
)
ACTIVE = JOBS.c.state.in_(("queued", "running"))
sa.Index(
    "jobs_active",
    *(JOBS.c.owner, JOBS.c.digest),
    unique=True,
    sqlite_where=sa.text("state IN ('queued', 'running')"),
    postgresql_where=sa.text("state IN ('queued', 'running')"),
)
UNITS = sa.Table(
    "units",
    METADATA,
    sa.Column("job_id", sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("args", sa.Text, nullable=False),  # JSON
    sa.Column("digest", sa.String(64), nullable=False),  # of kind, arguments and engine version
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),  # of the lease under which it was started
    sa.Column("share", sa.Float, nullable=False),  # done, 0..1
    sa.Column("words", sa.String(300), nullable=False),  # what it does now; why it failed
    sa.Column("result", sa.Text, nullable=False),  # JSON; "" until it is done
    sa.Index("units_by_state", "state"),
)
LEASES = sa.Table(
    "leases",
    METADATA,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("holder", sa.String(80), nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),  # higher with each holder
    sa.Column("until", sa.Float, nullable=False),  # seconds since 1970
)
PEOPLE = sa.Table(
    "people",  # who was here; nobody else's name is told to anybody
    METADATA,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("first", sa.String(32), nullable=False),
    sa.Column("last", sa.String(32), nullable=False),
)
GRANTS = sa.Table(
    "grants",
    METADATA,
    sa.Column("kind", sa.String(12), primary_key=True),  # "model", "analysis", "experiment"
    sa.Column("object_id", sa.String(32), primary_key=True),
    sa.Column("grantee", sa.String(210), primary_key=True),  # "user:…", "group:…", "everyone"
    sa.Column("role", sa.Integer, nullable=False),  # of `people.Role`
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Index("grants_to", "grantee", "kind"),
)
LINKS = sa.Table(
    "links",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("object_id", sa.String(32), nullable=False),
    sa.Column("role", sa.Integer, nullable=False),  # viewer or forker
    sa.Column("embed", sa.Boolean, nullable=False),  # shown in other sites, without a name
    sa.Column("origins", sa.Text, nullable=False),  # sites that may frame it, a space between
    sa.Column("view", sa.Text, nullable=False),  # address that it opens
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("source", sa.Boolean, nullable=False),  # files and source lines too
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("expires", sa.String(32), nullable=False),  # "" never
    sa.Column("revoked", sa.String(32), nullable=False),  # when; "" while it stands
    sa.Index("links_to", "kind", "object_id"),
)
LINK_USERS = sa.Table(
    "link_users",  # who opened a link under their name
    METADATA,
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user", sa.String(200), primary_key=True),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Index("link_users_by_user", "user"),
)
EVENTS = sa.Table(
    "events",  # what people did, for the usage page
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("time", sa.String(32), nullable=False),
    sa.Column("user", sa.String(200), nullable=False),
    sa.Column("verb", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("object_id", sa.String(32), nullable=False),
    sa.Index("events_by_time", "time"),
)
