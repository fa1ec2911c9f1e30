"""How each NMC particle is connected to its nearest one."""
