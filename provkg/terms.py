"""Prefixes and terms: the only place where an IRI of a vocabulary is spelled.

Each vocabulary is a class whose attributes are the IRIs of the terms in use: ``Prov.used``. The terms of
`Provkg` are those of ``ontology/provkg.ttl``, one for one.
"""
# ruff: noqa: N815  (terms keep the spelling of their vocabularies)

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "ONTOLOGY",
    "PREFIXES",
    "DcTerms",
    "Foaf",
    "Owl",
    "Prov",
    "Provkg",
    "Rdf",
    "Rdfs",
    "Vocabulary",
    "Xsd",
    "home_prefixes",
]

ONTOLOGY = "https://w3id.org/provkg/ontology"
"""The IRI of the ontology."""

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "fair4ml": "https://w3id.org/fair4ml#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "mls": "http://www.w3.org/ns/mls#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "p-plan": "http://purl.org/net/p-plan#",
    "prov": "http://www.w3.org/ns/prov#",
    "provkg": f"{ONTOLOGY}#",
    "provone": "http://purl.dataone.org/provone/2015/01/15/ontology#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "repr": "https://w3id.org/reproduceme#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The prefixes that every home knows."""


def home_prefixes(base: str) -> dict[str, str]:
    """All prefixes of a home: the common ones and those of its own instances.

    >>> home_prefixes("https://example.org/")["metric"]
    'https://example.org/metric/'
    """
    folders = ("agent", "cell", "environment", "graph", "metric", "notebook", "run", "setting")
    own = {folder: f"{base}{folder}/" for folder in folders}
    return {**PREFIXES, **own, "data": f"{base}sha256/", "pypi": "pkg:pypi/"}


class Vocabulary:
    """A namespace and those of its terms that are in use."""

    namespace: ClassVar[str]

    def __init_subclass__(cls, prefix: str) -> None:
        cls.namespace = PREFIXES[prefix]
        for name in cls.__annotations__:
            setattr(cls, name, cls.namespace + name)

    @classmethod
    def terms(cls) -> dict[str, str]:
        """The IRI of each term by its name in this class."""
        return {name: getattr(cls, name) for name in cls.__annotations__}


class Rdf(Vocabulary, prefix="rdf"):
    """RDF."""

    type: ClassVar[str]


class Rdfs(Vocabulary, prefix="rdfs"):
    """RDF Schema."""

    label: ClassVar[str]
    subPropertyOf: ClassVar[str]


class Owl(Vocabulary, prefix="owl"):
    """OWL 2."""

    DatatypeProperty: ClassVar[str]
    versionInfo: ClassVar[str]


class Xsd(Vocabulary, prefix="xsd"):
    """XML Schema datatypes."""

    boolean: ClassVar[str]
    dateTime: ClassVar[str]
    double: ClassVar[str]
    integer: ClassVar[str]


class DcTerms(Vocabulary, prefix="dcterms"):
    """DCMI metadata terms."""

    created: ClassVar[str]
    title: ClassVar[str]


class Foaf(Vocabulary, prefix="foaf"):
    """Friend of a friend."""

    name: ClassVar[str]


class Prov(Vocabulary, prefix="prov"):
    """PROV-O."""

    Activity: ClassVar[str]
    Agent: ClassVar[str]
    Association: ClassVar[str]
    Bundle: ClassVar[str]
    Collection: ClassVar[str]
    Derivation: ClassVar[str]
    Entity: ClassVar[str]
    Generation: ClassVar[str]
    Person: ClassVar[str]
    Plan: ClassVar[str]
    SoftwareAgent: ClassVar[str]
    Usage: ClassVar[str]
    actedOnBehalfOf: ClassVar[str]
    activity: ClassVar[str]
    agent: ClassVar[str]
    endedAtTime: ClassVar[str]
    entity: ClassVar[str]
    generatedAtTime: ClassVar[str]
    hadActivity: ClassVar[str]
    hadMember: ClassVar[str]
    hadPlan: ClassVar[str]
    hadPrimarySource: ClassVar[str]
    hadRole: ClassVar[str]
    qualifiedAssociation: ClassVar[str]
    qualifiedDerivation: ClassVar[str]
    qualifiedGeneration: ClassVar[str]
    qualifiedUsage: ClassVar[str]
    specializationOf: ClassVar[str]
    startedAtTime: ClassVar[str]
    used: ClassVar[str]
    wasAssociatedWith: ClassVar[str]
    wasAttributedTo: ClassVar[str]
    wasDerivedFrom: ClassVar[str]
    wasGeneratedBy: ClassVar[str]
    wasInformedBy: ClassVar[str]
    wasInvalidatedBy: ClassVar[str]
    wasRevisionOf: ClassVar[str]


class Provkg(Vocabulary, prefix="provkg"):
    """The ontology of provkg; its meanings stand in ``ontology/provkg.ttl``."""

    # classes
    Annotation: ClassVar[str]
    Cell: ClassVar[str]
    CellExecution: ClassVar[str]
    CellSource: ClassVar[str]
    CellVersion: ClassVar[str]
    CodeDocument: ClassVar[str]
    CodeVersion: ClassVar[str]
    Column: ClassVar[str]
    ColumnGroup: ClassVar[str]
    Commit: ClassVar[str]
    Content: ClassVar[str]
    Data: ClassVar[str]
    DataLoading: ClassVar[str]
    Dataset: ClassVar[str]
    DatasetSplit: ClassVar[str]
    DocumentCell: ClassVar[str]
    DocumentState: ClassVar[str]
    Environment: ClassVar[str]
    ErrorOutput: ClassVar[str]
    Evaluation: ClassVar[str]
    Evidence: ClassVar[str]
    ExecutionStatus: ClassVar[str]
    FailedExecution: ClassVar[str]
    File: ClassVar[str]
    FileVersion: ClassVar[str]
    Finding: ClassVar[str]
    Hardware: ClassVar[str]
    HyperParameterSetting: ClassVar[str]
    Implementation: ClassVar[str]
    Import: ClassVar[str]
    ImportedFile: ClassVar[str]
    ImportedRun: ClassVar[str]
    MLActivity: ClassVar[str]
    Metric: ClassVar[str]
    Model: ClassVar[str]
    Notebook: ClassVar[str]
    NotebookSession: ClassVar[str]
    NotebookVersion: ClassVar[str]
    Notice: ClassVar[str]
    Output: ClassVar[str]
    OutputContent: ClassVar[str]
    Parameter: ClassVar[str]
    PinnedRun: ClassVar[str]
    PredictedData: ClassVar[str]
    Prediction: ClassVar[str]
    Preprocessing: ClassVar[str]
    RandomSeed: ClassVar[str]
    ReadFile: ClassVar[str]
    Result: ClassVar[str]
    Run: ClassVar[str]
    RunGraph: ClassVar[str]
    Saving: ClassVar[str]
    Script: ClassVar[str]
    ScriptRun: ClassVar[str]
    ScriptVersion: ClassVar[str]
    Setting: ClassVar[str]
    SoftwarePackage: ClassVar[str]
    SplitRole: ClassVar[str]
    Splitting: ClassVar[str]
    TableSchema: ClassVar[str]
    TraceableModel: ClassVar[str]
    Training: ClassVar[str]
    Transformer: ClassVar[str]
    Tuning: ClassVar[str]
    Value: ClassVar[str]
    Variable: ClassVar[str]
    VariableState: ClassVar[str]
    WrittenFile: ClassVar[str]

    # individuals
    DataRole: ClassVar[str]
    Declared: ClassVar[str]
    Failed: ClassVar[str]
    FileRole: ClassVar[str]
    Imported: ClassVar[str]
    InferredFromSource: ClassVar[str]
    InputRole: ClassVar[str]
    Interrupted: ClassVar[str]
    ModelRole: ClassVar[str]
    Observed: ClassVar[str]
    PredictionRole: ClassVar[str]
    Succeeded: ClassVar[str]
    TargetRole: ClassVar[str]
    TestSplit: ClassVar[str]
    TrainingSplit: ClassVar[str]
    TruthRole: ClassVar[str]
    ValidationRole: ClassVar[str]
    ValidationSplit: ClassVar[str]

    # object properties
    atCommit: ClassVar[str]
    cellEvidence: ClassVar[str]
    cellOf: ClassVar[str]
    choseCandidate: ClassVar[str]
    columnsOf: ClassVar[str]
    dependsOnExecution: ClassVar[str]
    describesRun: ClassVar[str]
    evaluatedModel: ClassVar[str]
    evaluatedOn: ClassVar[str]
    evidence: ClassVar[str]
    executedCell: ClassVar[str]
    executedCode: ClassVar[str]
    failedExecution: ClassVar[str]
    generatedIn: ClassVar[str]
    hasActivity: ClassVar[str]
    hasAnnotation: ClassVar[str]
    hasCell: ClassVar[str]
    hasColumn: ClassVar[str]
    hasContent: ClassVar[str]
    hasFinding: ClassVar[str]
    hasImplementation: ClassVar[str]
    hasImport: ClassVar[str]
    hasNotice: ClassVar[str]
    hasPackage: ClassVar[str]
    hasParameter: ClassVar[str]
    hasResult: ClassVar[str]
    hasSchema: ClassVar[str]
    hasSetting: ClassVar[str]
    hasStatus: ClassVar[str]
    holds: ClassVar[str]
    inEnvironment: ClassVar[str]
    isAbout: ClassVar[str]
    keptColumnsOf: ClassVar[str]
    lastDocument: ClassVar[str]
    laterContent: ClassVar[str]
    likelySplitRole: ClassVar[str]
    madeOfColumns: ClassVar[str]
    madeOfUnknownColumnsOf: ClassVar[str]
    measuredOn: ClassVar[str]
    measures: ClassVar[str]
    observedDependency: ClassVar[str]
    observedDerivation: ClassVar[str]
    observedUse: ClassVar[str]
    onHardware: ClassVar[str]
    partOfActivity: ClassVar[str]
    partOfExecution: ClassVar[str]
    partOfRun: ClassVar[str]
    previousExecution: ClassVar[str]
    providedBy: ClassVar[str]
    readsVariable: ClassVar[str]
    resultOf: ClassVar[str]
    runOf: ClassVar[str]
    settingOf: ClassVar[str]
    splitOf: ClassVar[str]
    splitRole: ClassVar[str]
    stateOf: ClassVar[str]
    storedIn: ClassVar[str]
    trainedBy: ClassVar[str]
    trainedModel: ClassVar[str]
    trainedOn: ClassVar[str]
    tableDerivation: ClassVar[str]
    usedChosenSetting: ClassVar[str]
    usedData: ClassVar[str]
    usedDefaultSetting: ClassVar[str]
    usedFile: ClassVar[str]
    usedImplementation: ClassVar[str]
    usedModel: ClassVar[str]
    usedPrediction: ClassVar[str]
    usedSetting: ClassVar[str]
    usedTrainingData: ClassVar[str]
    usedTrainingTarget: ClassVar[str]
    usedTruth: ClassVar[str]
    usedValidationData: ClassVar[str]
    versionOf: ClassVar[str]

    # datatype properties
    aboutCellIndex: ClassVar[str]
    accelerator: ClassVar[str]
    annotationKey: ClassVar[str]
    annotationValue: ClassVar[str]
    architecture: ClassVar[str]
    argument: ClassVar[str]
    boundName: ClassVar[str]
    branch: ClassVar[str]
    byteSize: ClassVar[str]
    calledFunction: ClassVar[str]
    captureTime: ClassVar[str]
    cellId: ClassVar[str]
    cellIndex: ClassVar[str]
    cellTag: ClassVar[str]
    cellType: ClassVar[str]
    classLabel: ClassVar[str]
    columnCount: ClassVar[str]
    columnList: ClassVar[str]
    columnName: ClassVar[str]
    columnType: ClassVar[str]
    command: ClassVar[str]
    commitHash: ClassVar[str]
    circumstanceDigest: ClassVar[str]
    coreCount: ClassVar[str]
    cpuTime: ClassVar[str]
    duration: ClassVar[str]
    elementType: ClassVar[str]
    energyUse: ClassVar[str]
    errorMessage: ClassVar[str]
    errorName: ClassVar[str]
    errorTraceback: ClassVar[str]
    executionCount: ClassVar[str]
    executionOrder: ClassVar[str]
    fingerprint: ClassVar[str]
    findingKind: ClassVar[str]
    findingMessage: ClassVar[str]
    fitCount: ClassVar[str]
    foldNumber: ClassVar[str]
    hasEarlierDigest: ClassVar[str]
    importedModule: ClassVar[str]
    importedName: ClassVar[str]
    isDirty: ClassVar[str]
    isStandardLibrary: ClassVar[str]
    isTruncated: ClassVar[str]
    isUnseeded: ClassVar[str]
    journalSize: ClassVar[str]
    kernelVersion: ClassVar[str]
    languageVersion: ClassVar[str]
    leftUnseeded: ClassVar[str]
    mappingDigest: ClassVar[str]
    mediaType: ClassVar[str]
    memorySize: ClassVar[str]
    metricName: ClassVar[str]
    missingCount: ClassVar[str]
    noDigestReason: ClassVar[str]
    noticeCount: ClassVar[str]
    noticeMessage: ClassVar[str]
    noticeWhere: ClassVar[str]
    objectNumber: ClassVar[str]
    ontologyDigest: ClassVar[str]
    operatingSystem: ClassVar[str]
    operation: ClassVar[str]
    outputKind: ClassVar[str]
    outputText: ClassVar[str]
    packageName: ClassVar[str]
    packageVersion: ClassVar[str]
    partialDigest: ClassVar[str]
    partialFingerprint: ClassVar[str]
    path: ClassVar[str]
    processor: ClassVar[str]
    programmingLanguage: ClassVar[str]
    providesModule: ClassVar[str]
    pythonImplementation: ClassVar[str]
    pythonType: ClassVar[str]
    pythonVersion: ClassVar[str]
    qualifiedName: ClassVar[str]
    repository: ClassVar[str]
    resultDigest: ClassVar[str]
    resultText: ClassVar[str]
    resultValue: ClassVar[str]
    rowCount: ClassVar[str]
    runMetric: ClassVar[str]
    runSetting: ClassVar[str]
    seenAt: ClassVar[str]
    seedDigest: ClassVar[str]
    series: ClassVar[str]
    seriesBy: ClassVar[str]
    settingDigest: ClassVar[str]
    settingName: ClassVar[str]
    settingText: ClassVar[str]
    settingValue: ClassVar[str]
    sha256: ClassVar[str]
    shape: ClassVar[str]
    sourceLine: ClassVar[str]
    sourcePath: ClassVar[str]
    sourceText: ClassVar[str]
    stateNumber: ClassVar[str]
    url: ClassVar[str]
    useCount: ClassVar[str]
    userAgent: ClassVar[str]
    userName: ClassVar[str]
    valueText: ClassVar[str]
    variableName: ClassVar[str]
    versionKey: ClassVar[str]
    workingFolder: ClassVar[str]
