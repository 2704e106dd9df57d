"""The pages of the service, for people in a browser: the desk, the studio, the releases.

They are written on the server, work without scripts and load nothing from another host. What they show comes from the
same verbs as the answers of the API.
"""
