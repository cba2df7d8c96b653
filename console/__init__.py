"""What people see and type: the app, its screens, the action registry and the command line."""
