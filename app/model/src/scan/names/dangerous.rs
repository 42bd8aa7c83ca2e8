//! Imports that run code, start programs, reach files or the network, or lead to what does.
//!
//! In: modules and names. Out: why they are dangerous, if they are.
//!
//! Source: Python's standard library documentation, and the public advisories on what scanners of
//! pickles have missed (calls of `pip`, `timeit`, `idlelib`, `pydoc`, `torch` utilities, and others).

const RUNS: &str = "runs code or commands";
const LOADS: &str = "loads code or another pickle";
const REACHES: &str = "reaches the network";
const FILES: &str = "reads, writes or deletes files";
const LEADS: &str = "gives access to anything by its name";
const MEMORY: &str = "calls native code or reaches memory";

/// Modules of which nothing is harmless, with all below them; words between blanks.
const MODULES: &[(&str, &str)] = &[
    (
        RUNS,
        "os posix nt ntpath.os posixpath.os subprocess _posixsubprocess _winapi pty commands \
         popen2 popen platform code codeop runpy timeit cProfile profile pdb bdb trace \
         doctest pydoc idlelib lib2to3 unittest test multiprocessing concurrent asyncio \
         threading _thread thread sched signal _signal atexit pip ensurepip venv virtualenv \
         distutils setuptools pkg_resources webbrowser antigravity pipes mailcap cgi cgitb \
         pexpect ptyprocess paramiko fabric invoke plumbum psutil IPython ipykernel \
         _interpreters _xxsubinterpreters interpreters _osx_support _aix_support sysconfig \
         _testcapi _testinternalcapi numpy.f2py numpy.testing numpy.distutils \
         numpy.compat.py3k scipy._lib._testutils pandas.core.computation pandas.compat sympy \
         numexpr rlcompleter cmd jinja2 mako torch.jit torch.utils.bottleneck \
         torch.utils.collect_env torch.utils.cpp_extension torch._inductor torch._dynamo \
         torch.distributed torch.multiprocessing torch.fx torch.testing \
         torch.utils._config_module torch.utils.data.datapipes torch.ao.quantization.fx \
         torch._functorch torch.utils.benchmark torch.utils.show_pickle torch.package \
         torch.onnx.verification nose pytest _pytest py sh joblib.externals loky cython \
         Cython pyximport",
    ),
    (
        LOADS,
        "importlib importlib_metadata _frozen_importlib _frozen_importlib_external _imp imp \
         pkgutil zipimport zipapp marshal pickle _pickle cPickle pickletools dill cloudpickle \
         shelve compileall py_compile site torch.hub torch.serialization \
         tensorflow.python.keras.saving yaml ruamel jsonpickle huggingface_hub \
         transformers.dynamic_module_utils transformers.models.auto keras.src.saving \
         keras.saving tensorflow.keras.models kagglehub skops.io hickle klepto \
         numpy.lib.npyio numpy.lib._npyio_impl pandas.io scipy.io sklearn.externals \
         joblib.memory joblib.func_inspect torch._weights_only_unpickler \
         torch._utils_internal encodings.idna.importlib",
    ),
    (
        REACHES,
        "socket _socket socketserver SocketServer ssl _ssl http httplib httplib2 urllib \
         urllib2 urllib3 requests aiohttp httpx ftplib smtplib smtpd telnetlib poplib imaplib \
         nntplib xmlrpc xmlrpclib select selectors asyncore asynchat wsgiref websocket \
         websockets boto3 botocore fsspec s3fs gcsfs sklearn.datasets._base.urlretrieve \
         pycurl",
    ),
    (
        FILES,
        "shutil tempfile fileinput linecache glob filecmp tarfile zipfile gzip bz2.open \
         lzma.open io _io _pyio sqlite3 _sqlite3 dbm syslog logging.config logging.handlers \
         _bootsubprocess netrc winreg _winreg msvcrt posixshmem crypt turtle tkinter",
    ),
    (
        LEADS,
        "sys inspect gc _operator operator.attrgetter operator.methodcaller \
         types.FunctionType builtins.getattr",
    ),
    (
        MEMORY,
        "ctypes _ctypes cffi _cffi_backend mmap numpy.ctypeslib numpy.core._internal._ctypes \
         faulthandler resource",
    ),
];

/// Single names of modules that also hold harmless things.
const NAMES: &[(&str, &str, &str)] = &[
    (
        "builtins",
        RUNS,
        "eval exec execfile compile __import__ open file input raw_input breakpoint apply \
         reload __build_class__ help exit quit coerce map filter reduce memoryview",
    ),
    (
        "builtins",
        LEADS,
        "getattr setattr delattr hasattr globals locals vars dir super property classmethod \
         staticmethod",
    ),
    (
        "types",
        RUNS,
        "FunctionType LambdaType CodeType MethodType ModuleType CellType new_class \
         prepare_class coroutine BuiltinFunctionType MethodWrapperType",
    ),
    (
        "operator",
        LEADS,
        "attrgetter itemgetter methodcaller call setitem delitem __call__",
    ),
    (
        "functools",
        RUNS,
        "reduce partialmethod singledispatch wraps update_wrapper cached_property",
    ),
    ("_functools", RUNS, "reduce"),
    (
        "torch",
        LOADS,
        "load hub jit compile package classes ops library",
    ),
    (
        "torch.nn.modules.module",
        RUNS,
        "register_module_forward_hook",
    ),
    ("torch.storage", LOADS, "_load_from_bytes"),
    ("torch.utils.data", RUNS, "DataLoader"),
    (
        "joblib",
        LOADS,
        "load Memory Parallel delayed wrap_non_picklable_objects",
    ),
    (
        "joblib.numpy_pickle",
        LOADS,
        "load NumpyUnpickler _unpickle load_temporary_memmap dump ZNDArrayWrapper \
         NDArrayWrapper",
    ),
    (
        "joblib.numpy_pickle_compat",
        LOADS,
        "load_compatibility ZipNumpyUnpickler read_zfile ZNDArrayWrapper NDArrayWrapper",
    ),
    (
        "numpy",
        FILES,
        "load save savez savetxt loadtxt genfromtxt fromfile memmap fromregex DataSource \
         tofile fromfunction frompyfunc vectorize apply_along_axis apply_over_axes piecewise \
         loads safe_eval source ctypeslib",
    ),
    ("numpy.lib.utils", RUNS, "safe_eval source lookfor"),
    (
        "pandas",
        FILES,
        "read_pickle read_csv read_json read_hdf read_excel read_html read_xml read_sql \
         read_sql_query read_table read_parquet eval HDFStore ExcelFile",
    ),
    ("pandas.util._decorators", RUNS, "deprecate"),
    (
        "tensorflow",
        LOADS,
        "load_library load_op_library py_function numpy_function",
    ),
    (
        "keras.models",
        LOADS,
        "load_model model_from_json model_from_yaml",
    ),
    ("dataclasses", RUNS, "make_dataclass _create_fn"),
    ("typing", RUNS, "get_type_hints _eval_type ForwardRef"),
    ("collections", RUNS, "namedtuple"),
    ("uuid", RUNS, "_get_command_stdout _popen _find_mac getnode"),
    ("ctypes", MEMORY, "CDLL"),
    ("codecs", FILES, "open EncodedFile lookup register"),
    ("_codecs", LEADS, "lookup register decode"),
    ("ast", RUNS, "parse compile"),
    (
        "contextlib",
        RUNS,
        "ExitStack contextmanager _GeneratorContextManager",
    ),
    ("copyreg", LEADS, "add_extension pickle constructor"),
    ("copy_reg", LEADS, "add_extension pickle constructor"),
    ("weakref", RUNS, "finalize ref"),
    ("xml.sax", FILES, "parse"),
    ("pathlib", FILES, "open"),
    ("sklearn.utils", RUNS, "_safe_indexing_eval"),
    (
        "sklearn.utils._testing",
        RUNS,
        "_convert_container check_skip_network",
    ),
];

/// Steps of a path of attributes that lead out of a module.
const STEPS: &str = "os sys subprocess posix nt shutil socket builtins importlib runpy ctypes pickle marshal \
     joblib types operator inspect code warnings linecache threading tempfile pathlib urllib \
     io itertools.os gc platform modules";

/// Steps that are dangerous whatever they belong to.
const CALLS: &str = "system popen eval exec execve execv spawn spawnv import_module check_output check_call \
     Popen load_module runcode runsource loads fromfile memmap";

/// Not dangerous by themselves, but not written for plain models either.
const DOUBTFUL: &[(&str, &str, &str)] = &[
    (
        "functools",
        "partial",
        "keeps a call that runs later; what it calls is listed as an import of its own",
    ),
    ("builtins", "type", "makes classes"),
    (
        "logging",
        "getLogger",
        "a logger; its handlers may write files",
    ),
];

/// Why a whole module is dangerous.
pub(super) fn module(module: &str) -> Option<&'static str> {
    // The long way for the rare import that is not a plain known one; imports are few.
    MODULES.iter().find_map(|(why, modules)| {
        modules
            .split(' ')
            .any(|listed| is_at_or_below(module, listed))
            .then_some(*why)
    })
}

fn is_at_or_below(module: &str, listed: &str) -> bool {
    module
        .strip_prefix(listed)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn has_word(words: &str, word: &str) -> bool {
    words.split(' ').any(|listed| listed == word)
}

/// Why a name of a module is dangerous.
pub(super) fn name(module: &str, name: &str) -> Option<&'static str> {
    let module = match module {
        "__builtin__" | "__builtins__" => "builtins",
        other => other,
    };
    NAMES
        .iter()
        .find(|(listed, _, names)| *listed == module && has_word(names, name))
        .map(|(_, why, _)| *why)
}

/// Why a step of a path of attributes is dangerous.
pub(super) fn step(step: &str, is_path: bool) -> Option<&'static str> {
    let plain = step.trim_start_matches('_');
    if step.starts_with("__") && step.ends_with("__") && step.len() > 4 {
        return Some("reaches Python's inner attributes, which lead to anything");
    }
    if has_word(STEPS, plain) || has_word(STEPS, step) {
        return Some("reaches a module that runs code through another one");
    }
    (has_word(CALLS, plain) || (is_path && plain == "open")).then_some(RUNS)
}

/// Why an import is doubtful.
pub(super) fn doubtful(module: &str, name: &str) -> Option<&'static str> {
    let module = if module == "__builtin__" {
        "builtins"
    } else {
        module
    };
    DOUBTFUL
        .iter()
        .find(|(listed, listed_name, _)| *listed == module && *listed_name == name)
        .map(|(_, _, why)| *why)
}
