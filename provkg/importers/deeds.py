"""What each deed of the knowledge file makes of a call: loading, splitting, fitting, applying, measuring."""

from __future__ import annotations

from provkg.analysis import Call
from provkg.analysis.files import argument_for, mode_of_call, named_by_call
from provkg.analysis.knowledge import CallMeaning, Deed
from provkg.importers.given import MODELS, parts_of, settings_of
from provkg.importers.nodes import FileNode, Measure, Node
from provkg.importers.steps import KINDS, Step, Steps
from provkg.records import ActivityKind, FileMode, Role, Seed, ValueKind

__all__ = ["Deeds"]

_FITS = {
    "model": ActivityKind.TRAINING,
    "search": ActivityKind.TUNING,
    "transformer": ActivityKind.PREPROCESSING,
}
_GENERATORS = {
    "random.seed": "random",
    "numpy.random.seed": "numpy.random",
    "torch.manual_seed": "torch",
    "tensorflow.random.set_seed": "tensorflow",
    "tensorflow.set_random_seed": "tensorflow",
}
_AVERAGES = {"roc_auc_score": "macro", "average_precision_score": "macro"}
"""The default of ``average`` where it is not "binary"."""
_PICKLED = frozenset({"pickle", "joblib", "cloudpickle", "dill", "torch", "json", "yaml"})
"""What these read may be anything."""


class Deeds(Steps):
    """Recognises the steps in the calls of one execution."""

    def _do(self, deed: Deed, index: int, call: Call, owner: Node | None, meaning: CallMeaning) -> None:
        match deed:
            case Deed.LOAD | Deed.SAVE | Deed.OPEN:
                self._move(index, call, owner, meaning)
            case Deed.SPLIT:
                if meaning.pairs:
                    self._split(index, call, meaning)
            case Deed.FIT | Deed.TUNE:
                self._fit(index, call, owner, meaning, tunes=deed is Deed.TUNE)
            case Deed.TRANSFORM | Deed.PREDICT:
                self._apply(index, call, owner, meaning, predicts=deed is Deed.PREDICT)
            case Deed.SCORE | Deed.METRIC:
                self._measure(index, call, owner, meaning)
            case Deed.CONFIGURE:
                if owner is not None:
                    owner.settings |= {setting.name: setting for setting in settings_of(call, ())}
            case Deed.SEED:
                self._seed(call)

    def _move(self, index: int, call: Call, owner: Node | None, meaning: CallMeaning) -> None:
        """Data is read from a file, or written to one, or a file is opened for that."""
        mode = mode_of_call(call, meaning)
        if mode is None:
            return
        named = named_by_call(self._calls, index, meaning, mode)
        place, url = self._place(named.path) if named.path else ("", "")
        file = self._ledger.file(place, url, mode, self._order) if place or url else None
        if Deed.OPEN in meaning.does:
            if file is not None:
                self.results[index] = (Node(self._order, file=file),)
            return
        handles = [self.argument(argument, wanted=False) for argument in call.arguments]
        file = file or next((node.file for node in handles if node is not None and node.file), None)
        if mode is FileMode.READ:
            self._load(index, call, meaning, file)
        elif file is not None:
            self._save(call, owner, meaning, file)

    def _load(self, index: int, call: Call, meaning: CallMeaning, file: FileNode | None) -> None:
        step = self._begin(ActivityKind.LOADING, call, None, meaning)
        step.settings = ()
        if file is not None:
            step.use(file.file.id, Role.FILE)
        if meaning.returns == "path":
            self.results[index] = (Node(self._order, file=file),)
            return
        kind = self._knowledge.of_class(meaning.makes) if meaning.makes else None
        value = KINDS[kind.kind] if kind is not None else ValueKind.DATASET
        anything = kind is None and call.function.partition(".")[0] in _PICKLED
        parts = []
        for name in call.targets or ("",):
            node = Node(self._order, None if anything else value, meaning.makes)
            node.names = (name,) if name else ()
            node.parents = [(file, call.function)] if file is not None else []
            node.package = kind.package if kind is not None else ""
            parts.append(node)
            step.generated.append(self._ledger.keep(node))
        self.results[index] = tuple(parts)

    def _save(self, call: Call, owner: Node | None, meaning: CallMeaning, file: FileNode) -> None:
        step = self._begin(ActivityKind.SAVING, call, None, meaning)
        saved = [owner] if owner is not None and not meaning.data else []
        if not saved and call.receiver and not meaning.data:
            followed = self._variable(call.receiver)
            saved = [followed] if followed is not None else []
        for parameter in meaning.data[:1]:
            argument = argument_for(call, parameter)
            node = self.argument(argument) if argument is not None else None
            saved += [node] if node is not None else []
        for node in saved:
            step.use(self._ledger.keep(node), Role.INPUT)
        step.generated.append(file.file.id)

    def _split(self, index: int, call: Call, meaning: CallMeaning) -> None:
        step = self._begin(ActivityKind.SPLITTING, call, None, meaning)
        step.settings = settings_of(call, ())
        step.package = step.package or ("scikit-learn" if call.function.startswith("sklearn.") else "")
        parts: list[Node] = []
        for argument in call.arguments:
            if argument.keyword:
                continue
            held_out = call.targets[len(parts) + 1] if len(parts) + 1 < len(call.targets) else ""
            whole = self.argument(argument)
            if whole is not None:
                whole.kind = whole.kind or ValueKind.DATASET
                step.use(self._ledger.keep(whole), Role.DATA, "arrays")
            for role in parts_of(whole, held_out):
                part = Node(self._order, ValueKind.DATASET, role=role)
                part.parents = [(whole, call.function)] if whole is not None else []
                parts.append(part)
        for name, part in zip(call.targets, parts, strict=False):
            part.names = (name,)
        step.generated += [self._ledger.keep(part) for part in parts]
        self.results[index] = tuple(parts)

    def _fit(self, index: int, call: Call, owner: Node | None, meaning: CallMeaning, *, tunes: bool) -> None:
        owner = self._held(call, owner)
        known = self._knowledge.of_class(owner.type) if owner is not None and owner.type else None
        prepares = known is None and Deed.TRANSFORM in meaning.does
        if owner is not None and owner.kind is None:
            owner.kind = ValueKind.TRANSFORMER if prepares else ValueKind.MODEL
        kind = _FITS[known.kind] if known is not None else ActivityKind.TRAINING
        if prepares and owner is not None and owner.kind is ValueKind.TRANSFORMER:
            kind = ActivityKind.PREPROCESSING
        step = self._begin(ActivityKind.TUNING if tunes else kind, call, owner, meaning)
        found = self._use_given(step, call, meaning)
        if owner is not None and not (found.keys() & {Role.DATA, Role.TARGET}):
            for role, keyword, node in owner.given:
                step.use(self._ledger.keep(node), role, keyword)
                found.setdefault(role, node)
        model = found.get(Role.MODEL) if owner is None or Role.MODEL in found else owner
        sources = [node for role, node in found.items() if role in (Role.DATA, Role.TARGET)]
        given = {parameter.keyword for parameter in meaning.data}
        own = {s.name: s for s in settings_of(call, ()) if s.name not in given}
        step.settings = tuple({**(model.settings if model is not None else {}), **own}.values())
        if model is None:
            made = self._knowledge.of_class(meaning.makes) if meaning.makes else None
            fitted = Node(self._order, ValueKind.MODEL, meaning.makes)
            fitted.parents = [(node, step.function) for node in sources]
            fitted.package = step.package = made.package if made is not None else step.package
            fitted.names = call.targets[:1]
            step.implementation = meaning.makes
        else:
            fitted = model.next_state(self._order, sources, step.function)
            fitted.names = model.names or (call.targets[:1] if meaning.returns == "object" else ())
        step.generated.append(self._ledger.keep(fitted))
        if known is None and not tunes and Role.TARGET not in found:
            fitted.fitting = step
        changed = self._variable_of(call, owner, model)
        if changed:
            self.changed[changed] = fitted
        if meaning.returns == "object" or model is None:
            self.results[index] = (fitted,)
        elif Deed.TRANSFORM in meaning.does or Deed.PREDICT in meaning.does:
            self._given_back(index, call, step, fitted, found.get(Role.DATA), Deed.PREDICT in meaning.does)

    def _variable_of(self, call: Call, owner: Node | None, model: Node | None) -> str:
        if model is owner:
            return call.receiver
        held = (argument.variable for argument in call.arguments if argument.variable)
        return next((name for name in held if self._env.get(name) is model), "")

    def _apply(
        self, index: int, call: Call, owner: Node | None, meaning: CallMeaning, *, predicts: bool
    ) -> None:
        owner = self._held(call, owner)
        if owner is not None and owner.kind is None:
            owner.kind = ValueKind.MODEL if predicts else ValueKind.TRANSFORMER
        if owner is not None and not predicts and isinstance(owner.fitting, Step):
            # Only now it is told that it prepares data.
            owner.kind, owner.fitting.kind = ValueKind.TRANSFORMER, ActivityKind.PREPROCESSING
        kind = ActivityKind.PREDICTION if predicts else ActivityKind.PREPROCESSING
        step = self._begin(kind, call, owner, meaning)
        if owner is not None:
            step.use(self._ledger.keep(owner), Role.MODEL)
        found = self._use_given(step, call, meaning)
        self._given_back(index, call, step, owner or found.get(Role.MODEL), found.get(Role.DATA), predicts)

    def _given_back(
        self, index: int, call: Call, step: Step, model: Node | None, data: Node | None, predicts: bool
    ) -> None:
        """What a transformation or prediction returned."""
        made = Node(self._order, ValueKind.PREDICTION if predicts else ValueKind.DATASET)
        made.names = call.targets[:1]
        made.parents = [(node, step.function) for node in (model, data) if node is not None]
        made.role = data.role if data is not None else None
        if predicts:
            made.model, made.data = model, data
        step.generated.append(self._ledger.keep(made))
        self.results[index] = (made,)

    def _measure(self, index: int, call: Call, owner: Node | None, meaning: CallMeaning) -> None:
        method = owner is not None and owner.kind in MODELS
        step = self._begin(ActivityKind.EVALUATION, call, owner if method else None, meaning)
        if owner is not None and method:
            step.use(self._ledger.keep(owner), Role.MODEL)
        found = self._use_given(step, call, meaning)
        given = {parameter.keyword for parameter in meaning.data}
        step.settings = tuple(s for s in settings_of(call, ()) if s.name not in given)
        if call.function.startswith("sklearn."):
            step.package = step.package or "scikit-learn"
        judged = found.get(Role.PREDICTION)
        truth = found.get(Role.TRUTH)
        if _is_predicted(truth) and not _is_predicted(judged):  # given in the wrong order, as people do
            judged, truth = truth, judged
            step.exchange(Role.TRUTH, Role.PREDICTION)
        model = owner if method else found.get(Role.MODEL) or (judged.model if judged is not None else None)
        data = (judged.data if judged is not None else None) or found.get(Role.DATA)
        measure = Measure(self._metric(call, meaning, model), step, model, data or truth)
        self.results[index] = (Node(self._order, measure=measure),)

    def _metric(self, call: Call, meaning: CallMeaning, model: Node | None) -> str:
        own = call.function.rpartition(".")[2]
        settings = {a.keyword: a.literal for a in call.arguments if a.keyword and a.known}
        if Deed.SCORE in meaning.does and not meaning.metric:
            scoring = settings.get("scoring")
            if isinstance(scoring, str):
                return scoring
            known = self._knowledge.of_class(model.type) if model is not None and model.type else None
            return known.metric if known is not None and known.metric else "score"
        name = meaning.metric or own.removesuffix("_score")
        average = settings.get("average")
        default = _AVERAGES.get(own, "binary")
        return f"{name}_{average}" if isinstance(average, str) and average != default else name

    def _seed(self, call: Call) -> None:
        generator = _GENERATORS.get(self._knowledge.present_name(call.function))
        first = call.arguments[0] if call.arguments else None
        if generator and first is not None and first.known and isinstance(first.literal, int):
            self.seeds.append(Seed(generator=generator, value=first.literal, line=call.line))


def _is_predicted(node: Node | None) -> bool:
    return node is not None and node.kind is ValueKind.PREDICTION
