"""The parts that screens are made of; each draws what it is given and reads nothing itself."""
