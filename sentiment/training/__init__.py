"""From labelled reviews to a model, with Keras."""
