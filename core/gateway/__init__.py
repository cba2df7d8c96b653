"""The only road to an EHR.

Order of one write (design §9): lifecycle and signatures, traffic slot, token, fresh base, consent
and policy, one transaction just before the first byte, send, durable receipt, reconcile.
"""
