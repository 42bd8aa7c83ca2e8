//! Imports that do nothing but build data, as model libraries write them.
//!
//! In: modules and names. Out: whether they are on the list.
//!
//! Source: files written by the libraries with pickle protocols 0 to 5 (`fixtures/scan/make.py`).

/// Listed one by one; words between blanks.
const LISTED: &[(&str, &str)] = &[
    (
        "sklearn.feature_selection._univariate_selection",
        "f_classif f_regression chi2 f_oneway r_regression",
    ),
    (
        "sklearn.feature_selection._mutual_info",
        "mutual_info_classif mutual_info_regression",
    ),
    (
        "sklearn.cluster._kmeans",
        "_kmeans_single_lloyd _kmeans_single_elkan",
    ),
    ("scipy._lib.array_api_compat.numpy._aliases", "asarray"),
    ("sklearn.utils", "Bunch"),
    (
        "sklearn.compose._column_transformer",
        "make_column_selector",
    ),
    ("pandas.indexes.base", "_new_Index Index"),
    ("pandas.core.index", "_new_Index Index Int64Index"),
    ("builtins", BASIC),
    ("__builtin__", BASIC),
    (
        "collections",
        "OrderedDict defaultdict deque Counter ChainMap",
    ),
    ("copyreg", RECONSTRUCT),
    ("copy_reg", RECONSTRUCT),
    ("_codecs", "encode"),
    ("datetime", "date datetime time timedelta timezone"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("uuid", "UUID"),
    ("types", "SimpleNamespace"),
    ("array", "array _array_reconstructor"),
    ("zoneinfo", "ZoneInfo._unpickle"),
    ("numpy", NUMPY),
    ("numpy.core.multiarray", MULTIARRAY),
    ("numpy._core.multiarray", MULTIARRAY),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core._internal", "_convert_to_stringdtype_kwargs"),
    ("numpy._core._internal", "_convert_to_stringdtype_kwargs"),
    ("numpy.core", "_ufunc_reconstruct"),
    ("numpy._core", "_ufunc_reconstruct"),
    ("numpy.ma", "MaskedArray"),
    ("numpy.ma.core", "MaskedArray _mareconstruct"),
    ("numpy.dtypes", "StringDType"),
    ("numpy.random._mt19937", "MT19937 _legacy_seeding"),
    ("numpy.random._pcg64", "PCG64 PCG64DXSM"),
    ("numpy.random._philox", "Philox"),
    ("numpy.random._sfc64", "SFC64"),
    (
        "numpy.random._pickle",
        "__bit_generator_ctor __generator_ctor __randomstate_ctor",
    ),
    (
        "numpy.random.bit_generator",
        "SeedSequence __pyx_unpickle_SeedSequence",
    ),
    ("numpy.random", "__RandomState_ctor"),
    ("pandas", PANDAS),
    ("pandas.arrays", PANDAS_ARRAYS),
    ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
    ("pandas._libs.internals", "_unpickle_block BlockPlacement"),
    ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp"),
    ("pandas._libs.tslibs.timedeltas", "_timedelta_unpickle"),
    ("pandas._libs.tslibs.nattype", "_nat_unpickle"),
    ("pandas._libs.missing", "NAType"),
    ("pandas.core.indexes.base", "_new_Index Index"),
    (
        "pandas.core.indexes.datetimes",
        "_new_DatetimeIndex DatetimeIndex",
    ),
    ("pandas.core.indexes.period", "_new_PeriodIndex PeriodIndex"),
    (
        "pyarrow.lib",
        "_restore_array py_buffer type_for_alias chunked_array",
    ),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("sklearn.metrics._dist_metrics", "newObj"),
    ("sklearn.neighbors._kd_tree", "newObj"),
    ("sklearn.neighbors._ball_tree", "newObj"),
    (
        "torch",
        "Size device dtype Tensor float16 float32 float64 bfloat16 int8 int16 int32 int64 \
         uint8 bool strided",
    ),
    ("torch._utils", TORCH_REBUILD),
    ("torch._tensor", "_rebuild_from_type_v2"),
    ("torch.nn.parameter", "Parameter Buffer"),
    ("torch.serialization", "_get_layout"),
    (
        "torch.storage",
        "TypedStorage UntypedStorage _TypedStorage _UntypedStorage",
    ),
    (
        "catboost.core",
        "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker",
    ),
    ("xgboost.core", "Booster"),
    ("lightgbm.basic", "Booster"),
];

const BASIC: &str = "object int long float complex bool str unicode bytes bytearray list tuple dict set \
     frozenset range xrange slice NotImplemented Ellipsis None";

const RECONSTRUCT: &str = "_reconstructor __newobj__ __newobj_ex__";

const NUMPY: &str = "ndarray dtype matrix recarray record void bool bool_ str_ bytes_ object_ int8 int16 \
     int32 int64 intc longlong uint8 uint16 uint32 uint64 float16 float32 float64 longdouble \
     complex64 complex128 datetime64 timedelta64 number integer floating log log1p log2 log10 \
     exp expm1 exp2 sqrt cbrt square abs absolute sin cos tan tanh mean median sum min max \
     std var nanmean nanmedian sign clip round identity ravel argmax argmin";

const MULTIARRAY: &str = "_reconstruct scalar";

const PANDAS: &str = "DataFrame Series Index RangeIndex MultiIndex CategoricalIndex DatetimeIndex \
     TimedeltaIndex PeriodIndex IntervalIndex Categorical CategoricalDtype StringDtype \
     DatetimeTZDtype Timestamp Timedelta Period Interval Int8Dtype Int16Dtype Int32Dtype \
     Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype Float32Dtype Float64Dtype \
     BooleanDtype ArrowDtype Int64Index Float64Index UInt64Index";

const PANDAS_ARRAYS: &str = "ArrowStringArray ArrowExtensionArray DatetimeArray TimedeltaArray PeriodArray \
     IntervalArray StringArray IntegerArray FloatingArray BooleanArray SparseArray \
     NumpyExtensionArray Categorical";

const TORCH_REBUILD: &str = "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter \
     _rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor \
     _rebuild_sparse_csr_tensor _rebuild_device_tensor_from_numpy \
     _rebuild_meta_tensor_no_storage _rebuild_nested_tensor _rebuild_wrapper_subclass";

/// Packages whose classes are estimators, kernels, trees, losses…; only names written like classes.
const PACKAGES: &str = "sklearn._loss sklearn.base sklearn.calibration sklearn.cluster sklearn.compose \
     sklearn.covariance sklearn.cross_decomposition sklearn.decomposition \
     sklearn.discriminant_analysis sklearn.dummy sklearn.ensemble sklearn.feature_extraction \
     sklearn.feature_selection sklearn.frozen sklearn.gaussian_process sklearn.impute \
     sklearn.isotonic sklearn.kernel_approximation sklearn.kernel_ridge sklearn.linear_model \
     sklearn.manifold sklearn.metrics sklearn.mixture sklearn.model_selection \
     sklearn.multiclass sklearn.multioutput sklearn.naive_bayes sklearn.neighbors \
     sklearn.neural_network sklearn.pipeline sklearn.preprocessing sklearn.random_projection \
     sklearn.semi_supervised sklearn.svm sklearn.tree sklearn.utils._bunch sklearn.utils._metadata_requests scipy.sparse \
     scipy.interpolate scipy.spatial pandas.core.indexes pandas.core.internals \
     pandas.core.frame pandas.core.series pandas.core.arrays pandas.core.dtypes.dtypes \
     pandas._libs.tslibs.offsets xgboost.sklearn lightgbm.sklearn torch.nn.modules imblearn";

/// Classes that stand in those packages and call what they are given.
const NOT_PLAIN: &str = "Parallel FunctionTransformerFromText Path Popen Memory StringIO BytesIO \
    Queue Thread Bz2File ModuleType EllipsisType NotImplementedType GenericAlias \
    Lock ThreadPoolExecutor ProcessPoolExecutor ABCMeta Callable Generator";

/// Whether it stands on the list itself.
pub(super) fn is_listed(module: &str, name: &str) -> bool {
    let is_storage = || module == "torch" && name.ends_with("Storage") && is_class(name);
    let is_cython = || {
        let class = name.strip_prefix("__pyx_unpickle_").unwrap_or_default();
        is_class(class) && is_in_package(module)
    };
    let is_metric = || {
        let endings = ["_score", "_error", "_loss", "_deviance"];
        module.starts_with("sklearn.metrics.")
            && is_in_package(module)
            && endings.iter().any(|ending| name.ends_with(ending))
            && !name.contains('.')
    };
    let listed = LISTED.iter().find(|(listed, _)| *listed == module);
    listed.is_some_and(|(_, names)| has_word(names, name))
        || is_storage()
        || is_cython()
        || is_metric()
}

fn has_word(words: &str, word: &str) -> bool {
    words.split(' ').any(|listed| listed == word)
}

/// Whether it is harmless though its module is not.
pub(super) fn is_exception(module: &str, name: &str) -> bool {
    matches!(
        (module, name),
        ("torch.serialization", "_get_layout")
            | ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper")
            | ("pathlib", "PurePosixPath" | "PureWindowsPath")
    )
}

/// Whether it is a class of a known package.
pub(super) fn is_estimator(module: &str, name: &str) -> bool {
    // These two hold classes of others, which read files.
    let is_own = match module {
        "xgboost.sklearn" => name.starts_with("XGB") || name == "Booster",
        "lightgbm.sklearn" => name.starts_with("LGBM"),
        _ => true,
    };
    is_own && is_in_package(module) && is_class(name) && !has_word(NOT_PLAIN, name)
}

fn is_in_package(module: &str) -> bool {
    PACKAGES.split(' ').any(|package| {
        module
            .strip_prefix(package)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }) && !module.contains(".tests")
        && module
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte))
}

/// Written like a class: letters and digits, the first a capital; scipy's matrices are small.
fn is_class(name: &str) -> bool {
    let plain = name.trim_start_matches('_');
    let is_small =
        matches!(plain.split_once('_'), Some((_, "matrix" | "array")) if plain.len() < 12);
    let is_word = plain
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word && (is_small || plain.starts_with(|first: char| first.is_ascii_uppercase()))
}
