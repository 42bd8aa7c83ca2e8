//! Calls that scanners are known to have missed, and those every scanner should know.
//!
//! Source: the public advisories of pickle scanners since 2023, and Python's documentation. Each is put
//! into a pickle that would call it, by two ways of naming it; nothing runs it.

use interlock_model::scan::{ScanLimits, Use, Verdict, scan_bytes};

use crate::build::join;

const KNOWN: &str = "pip.main pip._internal.cli.main.main timeit.timeit cProfile.runctx profile.Profile.run pdb.Pdb.run \
    bdb.Bdb.run idlelib.pyshell.ModifiedInterpreter.runcode lib2to3.pgen2.grammar.Grammar.loads \
    ensurepip._run_pip venv.create distutils.file_util.write_file doctest.debug_script trace.Trace.run \
    pydoc.pipepager pty.spawn runpy._run_code ssl.get_server_certificate webbrowser.open shutil.rmtree \
    asyncio.unix_events._UnixSubprocessTransport._start numpy.testing._private.utils.runstring \
    torch._dynamo.guards.GuardBuilder.get torch._inductor.codecache.compile_file \
    torch.utils.collect_env.run \
    torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression torch.hub.load torch.load \
    torch.jit.unsupported_tensor_ops.execWrapper torch.utils._config_module.ConfigModule.load_config \
    torch.utils.bottleneck.__main__.run_cprofile torch.utils.data.datapipes.utils.decoder.basichandlers \
    torch.serialization.load pkgutil.resolve_name importlib.import_module marshal.loads types.CodeType \
    types.FunctionType functools.reduce operator.attrgetter operator.methodcaller imaplib.IMAP4_stream \
    mailcap.findmatch pickle.loads _pickle.loads cloudpickle.cloudpickle._make_function dill.loads \
    joblib.load numpy.load pandas.read_pickle ctypes.CDLL sqlite3.connect \
    multiprocessing.util.spawnv_passfds logging.config._resolve code.InteractiveInterpreter.runcode \
    http.client.HTTPSConnection requests.get urllib.request.urlopen socket.create_connection \
    uuid._get_command_stdout _osx_support._read_output _aix_support._read_cmd_output \
    inspect.getattr_static gc.get_objects linecache.getlines nt.system \
    transformers.models.auto.auto_factory.getattribute_from_module builtins.__import__ sys.modules \
    site.execsitecustomize zipimport.zipimporter unittest.mock._importer \
    test.support.script_helper.assert_python_ok signal.signal threading.Thread platform.popen \
    tempfile.mktemp setuptools.sandbox.run_setup smtplib.SMTP pydoc.locate pydoc.render_doc \
    idlelib.calltip.get_entity idlelib.autocomplete.AutoComplete.get_entity \
    idlelib.debugobj.ObjectTreeItem.SetText idlelib.run.Executive.runcode \
    lib2to3.pgen2.pgen.ParserGenerator.make_label numpy.f2py.crackfortran.getlincoef \
    numpy.f2py.crackfortran._eval_length asyncio.run aiohttp.client.request \
    multiprocessing.spawn.spawn_main _posixsubprocess.fork_exec _winapi.CreateProcess bdb.Bdb.runeval \
    cProfile.run code.interact codeop.compile_command imp.load_source pipes.Template commands.getoutput \
    popen2.popen3 httplib.HTTPConnection ctypes.util.find_library cffi.FFI pexpect.run \
    torch.utils.cpp_extension.load torch.distributed.rpc.rpc_sync torch.package.PackageImporter \
    joblib.numpy_pickle.load joblib.externals.loky.backend.spawn._main pandas.core.computation.eval.eval \
    pandas.io.pickle.read_pickle numpy.ctypeslib.load_library keras.models.load_model yaml.load \
    jsonpickle.decode shelve.open zipfile.ZipFile tarfile.open glob.glob fileinput.input \
    compileall.compile_file py_compile.compile atexit.register _thread.start_new_thread \
    _interpreters.run_string _xxsubinterpreters.run_string ftplib.FTP telnetlib.Telnet poplib.POP3 \
    nntplib.NNTP socketserver.TCPServer xmlrpc.client.ServerProxy select.select mmap.mmap io.open \
    _io.FileIO builtins.exec builtins.compile builtins.open builtins.setattr builtins.globals \
    builtins.map __builtin__.execfile __builtin__.apply __builtin__.file types.MethodType \
    copyreg.add_extension dataclasses.make_dataclass typing.get_type_hints contextlib.ExitStack \
    collections.namedtuple weakref.finalize _operator.attrgetter operator.itemgetter operator.call \
    os.path.join posixpath.os.system nt.popen sys.exit sys.settrace \
    importlib.util.spec_from_file_location importlib._bootstrap._call_with_frames_removed \
    _frozen_importlib.BuiltinImporter pkgutil.get_data pickle._loads cPickle.loads codecs.open \
    _codecs.decode jinja2.Template sympy.sympify IPython.core.magics.execution.exec paramiko.SSHClient \
    psutil.Popen fsspec.open boto3.client huggingface_hub.hf_hub_download webbrowser.get \
    antigravity.geohash turtle.Screen tkinter.Tk crypt.crypt";

#[test]
fn calls_that_scanners_are_known_to_miss_are_dangerous() {
    assert!(KNOWN.split_ascii_whitespace().count() > 150);
    for import in KNOWN.split_ascii_whitespace() {
        let (module, name) = import.rsplit_once('.').unwrap();
        let text = |text: &str| {
            join(&[
                b"\x8c",
                &[u8::try_from(text.len()).unwrap()],
                text.as_bytes(),
            ])
        };
        for bytes in [
            join(&[
                b"\x80\x02c",
                module.as_bytes(),
                b"\n",
                name.as_bytes(),
                b"\n)R.",
            ]),
            join(&[
                b"\x80\x04",
                &text(module),
                b"\x94",
                &text(name),
                b"\x94\x93)R.",
            ]),
        ] {
            let scan = scan_bytes(&bytes, &ScanLimits::default());
            assert_eq!(scan.verdict, Verdict::Dangerous, "{import}: {scan:#?}");
            assert_eq!(scan.imports.len(), 1, "{import}");
            assert_eq!(scan.imports[0].how, Use::Called, "{import}");
        }
    }
}

/// A class of one of these modules, reached through the path of a harmless one, is no way around.
#[test]
fn submodules_and_paths_are_covered() {
    for (module, name) in [
        ("os.path", "join"),
        ("subprocess.sub", "x"),
        ("torch", "jit.load"),
        ("numpy", "testing._private.utils.runstring"),
        ("sklearn.tree._classes", "joblib.load"),
        ("joblib", "externals.cloudpickle.loads"),
        ("scipy.sparse._csr", "csr_matrix.__init__.__globals__.get"),
    ] {
        let bytes = join(&[
            b"\x80\x04c",
            module.as_bytes(),
            b"\n",
            name.as_bytes(),
            b"\n)R.",
        ]);
        let scan = scan_bytes(&bytes, &ScanLimits::default());
        assert_eq!(scan.verdict, Verdict::Dangerous, "{module} {name}");
    }
}
