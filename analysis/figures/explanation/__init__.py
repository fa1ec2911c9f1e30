"""What a prediction of the graph network rests on."""
