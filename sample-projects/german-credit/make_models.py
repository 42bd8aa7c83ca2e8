"""Makes `models/` from `train.csv`: one small model per format, each trained on the same rows.

    python make_models.py      needs pandas, scikit-learn, xgboost, lightgbm, catboost, skl2onnx

The project files `with-*.toml` beside this script each use one of them.
"""

from pathlib import Path

import lightgbm
import pandas as pd
import xgboost
from catboost import CatBoostClassifier
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).parent
MODELS = HERE / "models"

SETTINGS = """# The same data as interlock.toml with another model: {what}.
# Made by make_models.py.

[project]
name = "german-credit-{name}"
task = "binary"
target = "risk"
positive = "good"

[data]
train = "train.csv"
test = "test.csv"
current = "current.csv"
id = "id"
missing = ["?"]

[columns.sex]
sensitive = true
immutable = true

[columns.age]
sensitive = true
immutable = true
min = 18
unit = "years"

[model]
{model}
"""


def project(name, what, model):
    (HERE / f"with-{name}.toml").write_text(SETTINGS.format(name=name, what=what, model=model))


rows = pd.read_csv(HERE / "train.csv", keep_default_na=False)
is_good = (rows["risk"] == "good").astype(int)
inputs = rows.drop(columns=["id", "risk", "branch"])
# Text as plain objects: not every library knows the text type of pandas 3.
texts = [name for name in inputs if not pd.api.types.is_numeric_dtype(inputs[name])]
numbers = [name for name in inputs if name not in texts]
categories = inputs.astype({name: "category" for name in texts})

booster = xgboost.XGBClassifier(n_estimators=40, max_depth=3, enable_categorical=True).fit(categories, is_good)
booster.get_booster().save_model(MODELS / "xgboost.ubj")
project("xgboost", "XGBoost with categories", 'path = "models/xgboost.ubj"')

booster = lightgbm.LGBMClassifier(n_estimators=40, num_leaves=8, verbose=-1).fit(categories, is_good)
booster.booster_.save_model(MODELS / "lightgbm.txt")
project("lightgbm", "LightGBM with categories", 'path = "models/lightgbm.txt"')

booster = CatBoostClassifier(iterations=40, depth=4, cat_features=texts, one_hot_max_size=255, verbose=False, random_seed=1)
booster.fit(inputs, rows["risk"])
booster.save_model(str(MODELS / "catboost.cbm"))
project("catboost", "CatBoost with one-hot categories", 'path = "models/catboost.cbm"')

encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), texts), (StandardScaler(), numbers))
pipeline = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(inputs, rows["risk"])
types = [(name, StringTensorType([None, 1]) if name in texts else FloatTensorType([None, 1])) for name in inputs]
onnx = to_onnx(pipeline, initial_types=types, options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3})
(MODELS / "pipeline.onnx").write_bytes(onnx.SerializeToString())
project("onnx-pipeline", "a scikit-learn pipeline with texts, as ONNX", 'path = "models/pipeline.onnx"')

network = make_pipeline(StandardScaler(), MLPClassifier((16, 8), max_iter=2000, random_state=1)).fit(inputs[numbers], rows["risk"])
types = [("input", FloatTensorType([None, len(numbers)]))]
onnx = to_onnx(network, initial_types=types, options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3})
(MODELS / "network.onnx").write_bytes(onnx.SerializeToString())
named = ", ".join(f'"{name}"' for name in numbers)
project("onnx-network", "a neural network on the numbers, as ONNX", f'path = "models/network.onnx"\nfeatures = [{named}]')

project(
    "python",
    "a rule in Python, which is run only once you have consented; python3 needs numpy",
    'format = "python"\nentry = "models.rule:Rule"',
)
