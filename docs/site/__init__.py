"""The documentation as a site: what it holds, and where its links lead."""
