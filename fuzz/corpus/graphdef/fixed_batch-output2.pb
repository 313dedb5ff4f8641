
D
PlaceholderPlaceholder*
dtype0*
shape:
"
ReluReluPlaceholder*
T0
"
output2IdentityRelu*
T0