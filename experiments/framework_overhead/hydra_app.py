"""The same jobs as a plain Hydra application: what its users do today."""

import json
from pathlib import Path

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

ConfigStore.instance().store(
    "config",
    {
        "job": "noop",
        "seed": 0,
        "n_components": 2,
        "dataset": {"name": "movie_ratings", "zeros": "values"},
        "init": {"name": "random"},
        "solver": {"name": "sklearn", "method": "cd", "tol": 1e-4, "max_iter": 200},
    },
)


@hydra.main(version_base="1.3", config_name="config", config_path=None)
def main(cfg: DictConfig) -> None:
    """Do nothing, or fit the 5x4 matrix and write the error to the job's folder."""
    if cfg.job == "noop":
        return
    import numpy as np
    from sklearn.decomposition import NMF

    X = np.array(
        [[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4], [0, 1, 5, 4]], float
    )
    model = NMF(
        n_components=cfg.n_components,
        init="random",
        random_state=cfg.seed,
        tol=cfg.solver.tol,
        max_iter=cfg.solver.max_iter,
    )
    W = model.fit_transform(X)
    error = float(((X - W @ model.components_) ** 2).mean())
    result = Path(HydraConfig.get().runtime.output_dir) / "result.json"
    result.write_text(json.dumps({"seed": cfg.seed, "mse": error}))


if __name__ == "__main__":
    main()
