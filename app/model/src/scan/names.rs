//! How dangerous an import of a pickle is.
//!
//! In: a module and a name, as a pickle spells them. Out: safe, suspicious or dangerous, and why.
//!
//! Everything that is on neither list is suspicious: importing it runs code that is not known.

mod dangerous;
mod safe;

/// How dangerous an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// On the list of what model libraries write; does nothing but build data.
    Safe,
    /// On no list.
    Suspicious,
    /// Runs code, commands, or reaches files or the network; or leads there.
    Dangerous,
}

/// How dangerous importing `name` of `module` is, and why.
///
/// A name with dots is a path of attributes (protocol 4): each step is looked at, and only paths on
/// the safe list as a whole are safe.
pub(super) fn classify(module: &str, name: &str) -> (Class, &'static str) {
    if let Some(why) = dangerous::module(module) {
        if safe::is_exception(module, name) {
            return (Class::Safe, "known to build data only");
        }
        return (Class::Dangerous, why);
    }
    // `importlib` is dangerous, and so is `x` of module `a` if `a.x` is on the list of modules.
    if let Some(why) = dangerous::name(module, name) {
        return (Class::Dangerous, why);
    }
    if safe::is_listed(module, name) {
        return (Class::Safe, "known to build data only");
    }
    let is_path = name.contains('.');
    for step in name.split('.') {
        if let Some(why) = dangerous::step(step, is_path) {
            return (Class::Dangerous, why);
        }
    }
    let mut through = module.to_owned();
    for step in name.split('.') {
        if let Some(why) = dangerous::name(&through, step) {
            return (Class::Dangerous, why);
        }
        through.push('.');
        through.push_str(step);
        if let Some(why) = dangerous::module(&through) {
            return (Class::Dangerous, why);
        }
    }
    if is_path {
        return (
            Class::Suspicious,
            "reaches through attributes of an import, which model libraries do not",
        );
    }
    if safe::is_estimator(module, name) {
        return (Class::Safe, "a class of a known model library");
    }
    if module == "__main__" {
        return (
            Class::Suspicious,
            "defined in the script that trained the model, so its code is not known",
        );
    }
    dangerous::doubtful(module, name).map_or(
        (
            Class::Suspicious,
            "not on the list of what model libraries write",
        ),
        |why| (Class::Suspicious, why),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(class: Class, imports: &[(&str, &str)]) {
        for (module, name) in imports {
            let (actual, why) = classify(module, name);
            assert_eq!(actual, class, "{module} {name}: {why}");
        }
    }

    #[test]
    fn what_runs_code_is_dangerous() {
        check(
            Class::Dangerous,
            &[
                ("os", "system"),
                ("os.path", "os.system"),
                ("posix", "system"),
                ("__builtin__", "eval"),
                ("builtins", "getattr"),
                ("builtins", "__import__"),
                ("builtins", "print.__class__.__base__.__subclasses__"),
                ("random", "_os.system"),
                ("sklearn.utils", "os.system"),
                ("sklearn", "os"),
                ("torch", "load"),
                ("torch", "hub.load"),
                ("torch.hub", "load"),
                ("numpy", "f2py.crackfortran.getlincoef"),
                ("numpy.testing._private.utils", "runstring"),
                ("pip._internal.cli.main", "main"),
                ("numpy", "load"),
                ("operator", "methodcaller"),
                ("types", "CodeType"),
                ("collections", "_sys.modules.__getitem__"),
                ("numpy", "prod.__globals__"),
                ("sklearn.base", "__dict__"),
            ],
        );
    }

    #[test]
    fn what_model_libraries_write_is_safe() {
        check(
            Class::Safe,
            &[
                ("sklearn.pipeline", "Pipeline"),
                ("copy_reg", "_reconstructor"),
                ("numpy.core.multiarray", "_reconstruct"),
                ("torch._utils", "_rebuild_tensor_v2"),
                ("torch", "BFloat16Storage"),
                ("xgboost.sklearn", "XGBClassifier"),
                ("joblib.numpy_pickle", "NumpyArrayWrapper"),
            ],
        );
    }

    #[test]
    fn the_rest_is_suspicious() {
        check(
            Class::Suspicious,
            &[
                ("__main__", "Model"),
                ("sklearn.datasets", "fetch_openml"),
                ("sklearn.pipeline", "make_pipeline"),
                ("sklearn.pipeline", "Pipeline.fit"),
                ("my_package", "Thing"),
                ("functools", "partial"),
                ("sklearn.tree._cl\u{8}sses", "DecisionTreeRegressor"),
                ("lightgbm.sklearn", "Path"),
                ("xgboost.sklearn", "ThreadPoolExecutor"),
                ("xgboost.sklearn", "DMatrix"),
                ("sklearn.base", "ABCMeta"),
            ],
        );
    }
}
