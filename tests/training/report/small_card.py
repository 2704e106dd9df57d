"""A small card, for the tests of the report."""

CARD = """
name: small
title: Small firms
fields:
  lead_id: {kind: id}
  employees: {kind: number, unit: people, ask: "How many?"}
  need: {kind: text, ask: "What for?"}
  demo: {kind: flag, label: asked for a demonstration}
rules:
  - {name: urgent, when: need = 'urgent', points: 20, reason: Has an urgent need in 30 days}
  - {name: big, when: employees > 100, points: -5, reason: Is slow}
stages: [{name: lead}, {name: opportunity, points: 60, probability: {precision: 0.7, confidence: 0.9}}]
"""
