// Predictions are found by their key, and two runs of one model at once cannot write one twice.
CREATE CONSTRAINT prediction_key IF NOT EXISTS FOR (n:Prediction) REQUIRE n.key IS UNIQUE;
