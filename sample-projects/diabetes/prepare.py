"""Makes train.csv, test.csv, current.csv and model.json.

Needs scikit-learn (the data is bundled with it) and xgboost. Same versions, same output.
The model is trained on 300 rows; `current.csv` holds the 60 rows of the oldest patients, so the
column `age` and what goes with it must be found to have drifted.
"""

import pandas as pd
import xgboost
from sklearn.datasets import load_diabetes

NAMES = {"s1": "total_cholesterol", "s2": "ldl", "s3": "hdl", "s4": "cholesterol_hdl_ratio",
         "s5": "log_triglycerides", "s6": "glucose", "bp": "blood_pressure", "target": "progression"}

frame = load_diabetes(as_frame=True, scaled=False).frame.rename(columns=NAMES)
frame["sex"] = frame["sex"].astype(int)
frame["age"] = frame["age"].astype(int)
oldest = frame.sort_values("age", kind="stable").index[-60:]
rest = frame.drop(index=oldest).sample(frac=1, random_state=20)
train, test = rest.iloc[:300], rest.iloc[300:]
train.to_csv("train.csv", index=False)
test.to_csv("test.csv", index=False)
frame.loc[oldest].to_csv("current.csv", index=False)

features = [name for name in train.columns if name != "progression"]
model = xgboost.XGBRegressor(n_estimators=60, max_depth=3, learning_rate=0.1, random_state=20)
model.fit(train[features], train["progression"])
model.save_model("model.json")
