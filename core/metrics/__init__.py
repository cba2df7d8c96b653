"""What is counted of the work done, for people who improve it. Source: design §4, article §9."""
